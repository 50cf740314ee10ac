/** How records are spoken of. */

import type { Doer, RecordEntry, RecordItem, RecordState, RecordTransition, RecordType } from '../../api/records'
import type { Me } from '../../api/types'
import type { Tone } from '../../ui/chip'
import type { Way } from '../../ui/move-to'

export const KIND_TONES: Record<RecordState['kind'], Tone> = { open: 'wait', won: 'good', lost: 'quiet' }

/** Fields that are most likely what people call it. */
const NAMES = ['name', 'title', 'label', 'subject', 'client', 'customer', 'company', 'number', 'email']
const NAME_CHARS_MAX = 80
const VALUE_CHARS_MAX = 60

/** By what is known of it, else by the end of its id. */
export function nameOf({ id, type, data }: Pick<RecordItem, 'id' | 'type' | 'data'>): string {
  const words = [...NAMES.map((name) => data[name]), ...Object.values(data)]
  const found = words.find((value) => (typeof value === 'string' && value.trim() !== '') || typeof value === 'number')
  return found === undefined ? `${type} ${id.slice(-8)}` : cut(String(found).trim(), NAME_CHARS_MAX)
}

/** What a field holds, in a few words. */
export function valueOf(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return cut(typeof value === 'string' ? value : JSON.stringify(value), VALUE_CHARS_MAX)
}

/** The first fields of a record that are not its name, for a line below it. */
export function summaryOf(record: RecordItem, most: number): string {
  const name = nameOf(record)
  const others = Object.entries(record.data).filter(([, value]) => valueOf(value) !== name && valueOf(value) !== '')
  return others
    .slice(0, most)
    .map(([field, value]) => `${field} ${valueOf(value)}`)
    .join(', ')
}

/** Whether each of the words is in its data, its state or its id. */
export function has({ id, state, data }: RecordItem, wanted: string): boolean {
  const all = `${id} ${state} ${JSON.stringify(data)}`.toLowerCase()
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .every((word) => all.includes(word))
}

export function stateOf(type: RecordType | null, name: string): Pick<RecordState, 'label' | 'kind'> {
  return type?.states.find((state) => state.name === name) ?? { label: name, kind: 'open' }
}

/** Whether a way is for who asks; one that lists nobody is for everybody who may write. */
export function isFor(by: readonly Doer[] | undefined, me: Me | null): boolean {
  if (!by || by.length === 0) return true
  const mine = me?.kind === 'user' ? me.role : 'key'
  return by.some((doer) => doer === mine)
}

/** Where one may move what is in the state, conditions aside. */
export function waysFrom(type: RecordType, state: string, me: Me | null): Way[] {
  const open = type.transitions.filter(({ from, by }) => from === state && isFor(by, me))
  return open.map(({ to }) => ({ to, label: stateOf(type, to).label }))
}

export function wayOf(type: RecordType, from: string, to: string): RecordTransition | undefined {
  return type.transitions.find((way) => way.from === from && way.to === to)
}

const DOERS: Record<Doer, string> = {
  owner: 'owners',
  admin: 'admins',
  member: 'members',
  key: 'API keys',
  step: 'steps of executions',
  form: 'forms',
  hook: 'hooks',
}

/** What a way asks for, each in a sentence; nothing for one that is open to everybody. */
export function guardsOf({ when, reason, needs_reason, by }: Omit<RecordTransition, 'from' | 'to'>): string[] {
  return [
    ...(when ? [`Only if ${when} holds${reason ? `; else “${reason}”` : ''}.`] : []),
    ...(by && by.length > 0 ? [`Only for ${listed(by.map((doer) => DOERS[doer]))}.`] : []),
    ...(needs_reason ? ['Whoever takes it says why.'] : []),
  ]
}

/** What was done, in a line. */
export function told(entry: Pick<RecordEntry, 'kind' | 'from' | 'to' | 'fields'>, type: RecordType | null): string {
  const { kind, from, to, fields } = entry
  if (kind === 'transitioned') return `${label(type, from)} → ${label(type, to)}`
  if (kind === 'created' && to !== null) return `begins as ${label(type, to)}`
  return fields.join(', ')
}

function label(type: RecordType | null, state: string | null): string {
  return state === null ? '' : stateOf(type, state).label
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

function cut(words: string, most: number): string {
  return words.length > most ? `${words.slice(0, most - 1)}…` : words
}
