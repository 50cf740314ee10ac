import { useId, useState } from 'react'

import { ChoiceField, LinesField, TextField } from '../../ui/field'
import { Icon } from '../../ui/icon'
import { IconButton } from '../../ui/icon-button'
import { placeOf, whyNoName } from './entries'
import type { Entry, Kind } from './entries'
import '../../styles/records.css'

const KINDS: [Kind, string][] = [
  ['text', 'Text'],
  ['number', 'A number'],
  ['yesno', 'Yes or no'],
  ['json', 'JSON'],
]
const YES_NO = [
  ['', ''],
  ['true', 'yes'],
  ['false', 'no'],
] as const
const LONG_CHARS = 80

interface Props {
  entries: readonly Entry[]
  /** Names that other records of the type have. */
  known: readonly string[]
  isOff?: boolean
  onEntries: (entries: Entry[]) => void
}

/** Fields of a record, each by its kind; others can be added and removed. Stands within a form. */
export function EntryFields({ entries, known, isOff = false, onEntries }: Props) {
  const write = (at: number, text: string) =>
    onEntries(entries.map((entry, ix) => (ix === at ? { ...entry, text } : entry)))
  return (
    <>
      {entries.map((entry, at) => (
        <div key={entry.name} className="entry">
          <Input entry={entry} place={placeOf(at)} isOff={isOff} onText={(text) => write(at, text)} />
          {!isOff && (
            <IconButton
              icon="trash"
              label={`Remove the field ${entry.name}`}
              onClick={() => onEntries(entries.filter((_, ix) => ix !== at))}
            />
          )}
        </div>
      ))}
      {!isOff && <NewEntry entries={entries} known={known} onEntry={(entry) => onEntries([...entries, entry])} />}
    </>
  )
}

interface InputProps {
  entry: Entry
  place: string
  isOff: boolean
  onText: (text: string) => void
}

function Input({ entry: { name, kind, text }, place, isOff, onText }: InputProps) {
  const common = { label: name, name: place, value: text, disabled: isOff, onText }
  if (kind === 'yesno') return <ChoiceField {...common} choices={YES_NO} />
  if (kind === 'json' || text.length > LONG_CHARS || text.includes('\n')) return <LinesField {...common} />
  return <TextField {...common} inputMode={kind === 'number' ? 'decimal' : 'text'} />
}

interface NewEntryProps {
  entries: readonly Entry[]
  known: readonly string[]
  onEntry: (entry: Entry) => void
}

function NewEntry({ entries, known, onEntry }: NewEntryProps) {
  const [name, setName] = useState('')
  const [kind, setKind] = useState<Kind>('text')
  const names = useId()
  const wanted = name.trim()
  const why = wanted === '' ? null : whyNoName(wanted, entries)
  const add = () => {
    if (wanted === '' || why) return
    onEntry({ name: wanted, kind, text: '' })
    setName('')
  }
  return (
    <div className="entry-new">
      <TextField
        label="Another field"
        list={names}
        placeholder="Its name"
        value={name}
        help={why ?? undefined}
        onText={setName}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || wanted === '') return
          // It would send the form.
          event.preventDefault()
          add()
        }}
      />
      <datalist id={names}>
        {known.map((other) => (
          <option key={other} value={other} />
        ))}
      </datalist>
      <ChoiceField label="What it is" choices={KINDS} value={kind} onText={(next) => setKind(next as Kind)} />
      <button type="button" disabled={wanted === '' || why !== null} onClick={add}>
        <Icon name="add" /> Add the field
      </button>
    </div>
  )
}
