import { useMemo, useState, useSyncExternalStore } from 'react'

import { replaceAddress, useSearch } from '../app/router'
import {
  NAME_CHARS_MAX,
  VIEWS_MAX,
  filtersOf,
  keepViews,
  keyOf,
  onViews,
  readViews,
  withView,
  without,
} from '../app/views'
import type { View } from '../app/views'
import { useMe } from '../app/who'
import { TextField } from './field'
import { FormDialog } from './form-dialog'
import { IconButton } from './icon-button'
import { say } from './toast'

interface Props {
  /** Which list it is. */
  list: string
  /** The fields of the address by which it is filtered. */
  fields: readonly string[]
}

/** Chooses among filters that were kept by name; keeps those that are set, and forgets the one that is shown. */
export function SavedViews({ list, fields }: Props) {
  const key = keyOf(useMe()?.workspace?.id ?? '', list)
  const kept = useSyncExternalStore(onViews, () => localStorage.getItem(key))
  const views = useMemo(() => readViews(kept), [kept])
  const shown = filtersOf(useSearch(), fields)
  const chosen = views.find((view) => view.query === shown)
  const [isNaming, setNaming] = useState(false)
  const keep = (next: readonly View[], told: string) =>
    keepViews(key, next) ? say(told) : say('The browser keeps nothing here.', 'wrong')
  const forget = (name: string) => keep(without(views, name), `The view ${name} is forgotten.`)
  return (
    <>
      {views.length > 0 && (
        <select
          aria-label="View"
          value={chosen?.name ?? ''}
          onChange={(event) => show(views.find(({ name }) => name === event.target.value)?.query ?? '')}
        >
          <option value="">{shown !== '' && !chosen ? 'Not kept' : 'All'}</option>
          {views.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      )}
      {chosen ? (
        <IconButton icon="trash" label={`Forget the view ${chosen.name}`} onClick={() => forget(chosen.name)} />
      ) : (
        <IconButton icon="pin" label="Keep this view…" isOff={shown === ''} onClick={() => setNaming(true)} />
      )}
      {isNaming && (
        <Naming
          views={views}
          query={shown}
          onKeep={(next, name) => keep(next, `The view ${name} is kept in this browser.`)}
          onClose={() => setNaming(false)}
        />
      )}
    </>
  )
}

function show(query: string): void {
  replaceAddress(location.pathname + (query && `?${query}`))
}

interface NamingProps {
  views: readonly View[]
  query: string
  onKeep: (next: View[], name: string) => void
  onClose: () => void
}

function Naming({ views, query, onKeep, onClose }: NamingProps) {
  const [given, setName] = useState('')
  const name = given.trim()
  const next = name === '' ? null : withView(views, { name, query })
  const submit = () => {
    if (!next) return
    onClose()
    onKeep(next, name)
  }
  const isThere = views.some((view) => view.name === name)
  const help = isThere
    ? 'There is one of that name: it gives way.'
    : name !== '' && !next
      ? `It is too long to be kept, or there are ${VIEWS_MAX} already: forget one first.`
      : 'It stays in this browser, for this workspace.'
  return (
    <FormDialog
      title="Keep this view"
      submit="Keep"
      icon="pin"
      isOff={!next}
      error={null}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField label="Name" value={given} maxLength={NAME_CHARS_MAX} help={help} onText={setName} />
    </FormDialog>
  )
}
