/** The fields of a record while somebody writes them: each keeps the kind that it has. */

import { ApiError } from '../../api/client'
import type { Data } from '../../api/records'

export type Kind = 'text' | 'number' | 'yesno' | 'json'

export interface Entry {
  name: string
  kind: Kind
  /** As it is written; of yes or no `true`, `false` or nothing. */
  text: string
}

/** What the server takes, so that it is told before it is asked. */
export const FIELDS_MAX = 200
const NAME_BYTES_MAX = 100
const CONTROL = /\p{Cc}/u

export function kindOf(value: unknown): Kind {
  if (typeof value === 'string') return 'text'
  if (typeof value === 'number') return 'number'
  return typeof value === 'boolean' ? 'yesno' : 'json'
}

function entryOf(name: string, value: unknown): Entry {
  const kind = kindOf(value)
  return { name, kind, text: kind === 'text' ? String(value) : JSON.stringify(value, null, 2) }
}

export function entriesOf(data: Data): Entry[] {
  return Object.entries(data).map(([name, value]) => entryOf(name, value))
}

/** What a new one is asked for: what the record that was made last has, else a name. */
export function begun(last: Data | undefined): Entry[] {
  const known = entriesOf(last ?? {}).map((entry) => ({ ...entry, text: '' }))
  return known.length > 0 ? known : [{ name: 'name', kind: 'text', text: '' }]
}

/** Why there can be no field of that name beside the others; null if there can. */
export function whyNoName(name: string, entries: readonly Entry[]): string | null {
  if (entries.some((other) => other.name === name)) return 'there is a field of that name already'
  if (entries.length >= FIELDS_MAX) return `a record has at most ${FIELDS_MAX} fields`
  const bytes = new TextEncoder().encode(name).length
  if (bytes === 0 || bytes > NAME_BYTES_MAX || CONTROL.test(name)) return `a name has 1 to ${NAME_BYTES_MAX} bytes`
  return null
}

type Read = { value: unknown } | { problem: string }

/** A number is a number, yes or no one of them, and JSON can be read. */
export function read({ kind, text }: Entry): Read {
  if (kind === 'text') return { value: text }
  const words = text.trim()
  if (kind === 'number') {
    const value = Number(words)
    return words === '' || !Number.isFinite(value) ? { problem: 'this is a number' } : { value }
  }
  if (kind === 'yesno')
    return ['true', 'false'].includes(words) ? { value: words === 'true' } : { problem: 'say yes or no' }
  try {
    const value = JSON.parse(words) as unknown
    return value === null ? { problem: 'nothing is no value: remove the field in place of it' } : { value }
  } catch {
    return { problem: 'this is no JSON' }
  }
}

/** The name under which a form tells what is wrong with an entry. */
export function placeOf(at: number): string {
  return `entry-${at}`
}

/** What is wrong with them, as a refusal; null if nothing is. Empty ones are passed over where they are left out. */
export function refusalOf(entries: readonly Entry[], areEmptyLeftOut: boolean): ApiError | null {
  const errors = entries.flatMap((entry, at) => {
    if (areEmptyLeftOut && entry.text.trim() === '') return []
    const found = read(entry)
    const hint = 'correct it, or remove the field'
    return 'problem' in found ? [{ code: 'invalid', pointer: `/${placeOf(at)}`, detail: found.problem, hint }] : []
  })
  if (errors.length === 0) return null
  return new ApiError(422, 'invalid_record', 'some fields cannot be kept', 'correct these', errors)
}

/** What they come to, without those that are empty. All of them can be read. */
export function dataOf(entries: readonly Entry[]): Data {
  const filled = entries.filter(({ text }) => text.trim() !== '')
  return Object.fromEntries(filled.map((entry) => [entry.name, valueIn(entry)]))
}

/** What changes: other values, new fields, and null for those that are removed. All of them can be read. */
export function changeOf(before: Data, entries: readonly Entry[]): Data {
  const old = new Map(entriesOf(before).map((entry) => [entry.name, entry]))
  const changed = entries.filter((entry) => !isSame(old.get(entry.name), entry))
  const gone = [...old.keys()].filter((name) => entries.every((entry) => entry.name !== name))
  return Object.fromEntries([
    ...changed.map((entry) => [entry.name, valueIn(entry)]),
    ...gone.map((name) => [name, null]),
  ])
}

/** The same change to what is there now: others may have changed the record meanwhile. */
export function rebased(before: Data, entries: readonly Entry[], now: Data): Entry[] {
  const old = new Map(entriesOf(before).map((entry) => [entry.name, entry]))
  const mine = new Map(
    entries.filter((entry) => !isSame(old.get(entry.name), entry)).map((entry) => [entry.name, entry]),
  )
  const isGone = (name: string) => old.has(name) && entries.every((entry) => entry.name !== name)
  const kept = entriesOf(now).filter(({ name }) => !isGone(name))
  const names = new Set(kept.map(({ name }) => name))
  return [
    ...kept.map((entry) => mine.get(entry.name) ?? entry),
    ...[...mine.values()].filter(({ name }) => !names.has(name)),
  ]
}

function valueIn(entry: Entry): unknown {
  const found = read(entry)
  return 'value' in found ? found.value : null
}

function isSame(one: Entry | undefined, other: Entry): boolean {
  return one?.kind === other.kind && one.text === other.text
}
