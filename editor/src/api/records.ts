/** Records: things that have a state, and the types that say which states there are and which ways lead from one to the next. */

import { ask } from './client'
import { boolean, list, maybe, number, nullable, object, oneOf, record as fields, text } from './shape'
import type { TypeOf } from './shape'
import type { Page } from './types'

export const record = object({
  id: text,
  type: text,
  state: text,
  data: fields,
  revision: number,
  created_at: text,
  updated_at: text,
})
export const recordState = object({
  name: text,
  label: text,
  kind: oneOf('open', 'won', 'lost'),
  final: maybe(boolean),
})
export const doer = oneOf('owner', 'admin', 'member', 'key', 'step', 'form', 'hook')
export const recordTransition = object({
  from: text,
  to: text,
  name: maybe(nullable(text)),
  /** A condition over the record. */
  when: maybe(nullable(text)),
  /** What people are told where it does not hold. */
  reason: maybe(nullable(text)),
  needs_reason: maybe(boolean),
  /** Everybody who may write, if nobody is listed. */
  by: maybe(list(doer)),
})
export const recordTypeSummary = object({ name: text, label: text, revision: number, shipped: boolean })
export const recordType = object({
  name: text,
  label: text,
  initial: text,
  states: list(recordState),
  transitions: list(recordTransition),
  /** 0 as it is shipped. */
  revision: number,
  shipped: boolean,
  updated_at: nullable(text),
})
/** A way out of the state of one record. */
export const recordWay = object({
  name: nullable(text),
  to: text,
  needs_reason: boolean,
  by: list(doer),
  /** Why its condition does not let the record pass; null if it does. */
  why_not: nullable(text),
})
export const recordEntry = object({
  id: text,
  record_id: text,
  kind: text,
  from: nullable(text),
  to: nullable(text),
  transition: nullable(text),
  reason: nullable(text),
  /** Names of what changed in its data. */
  fields: list(text),
  by: object({ kind: text, name: text }),
  execution_id: nullable(text),
  at: text,
})
/** One that was deleted, and can be restored for some time. */
export const deletedRecord = object({ id: text, type: text, state: text, created_at: text, deleted_at: text })

export type RecordItem = TypeOf<typeof record>
export type RecordState = TypeOf<typeof recordState>
export type RecordTransition = TypeOf<typeof recordTransition>
export type RecordTypeSummary = TypeOf<typeof recordTypeSummary>
export type RecordType = TypeOf<typeof recordType>
export type RecordWay = TypeOf<typeof recordWay>
export type RecordEntry = TypeOf<typeof recordEntry>
export type DeletedRecord = TypeOf<typeof deletedRecord>
export type Doer = TypeOf<typeof doer>
export type Data = Record<string, unknown>
/** A type as it is written. */
export type TypeWish = Pick<RecordType, 'label' | 'initial' | 'states' | 'transitions'>

const queryOf = (given: Readonly<Record<string, string | null>>) =>
  new URLSearchParams(Object.entries(given).flatMap(([key, value]) => (value ? [[key, value]] : [])))
const match = (revision: number) => ({ 'if-match': `"${revision}"` })

/** Records of a page; a board shows so many of a state. */
export const RECORDS_PER_PAGE = 50

/** Newest first; of a state of the type, if one is named. */
export const records = (type: string, state: string, cursor: string | null) =>
  ask<Page<RecordItem>>(`/records?${queryOf({ limit: String(RECORDS_PER_PAGE), type, state, cursor })}`)
export const recordOf = (id: string) => ask<RecordItem>(`/records/${id}`)
export const createRecord = (type: string, data: Data) =>
  ask<RecordItem>('/records', { method: 'POST', body: { type, data } })
/** Merged by name; null removes. Refused if the record has another revision by now. */
export const changeRecord = (id: string, revision: number, data: Data) =>
  ask<RecordItem>(`/records/${id}`, { method: 'PATCH', body: { data }, headers: match(revision) })
export const removeRecord = (id: string) => ask<undefined>(`/records/${id}`, { method: 'DELETE' })
export const deletedRecords = (cursor: string | null) =>
  ask<Page<DeletedRecord>>(`/deleted-records?${queryOf({ limit: '50', cursor })}`)
export const restoreRecord = (id: string) => ask<RecordItem>(`/deleted-records/${id}/restore`, { method: 'POST' })
export const waysOf = (id: string) => ask<{ state: string; items: RecordWay[] }>(`/records/${id}/transitions`)
/** `from` is where it was seen last: if somebody else has moved it since, that is said. */
export const moveRecord = (id: string, from: string, to: string, reason: string) =>
  ask<RecordItem>(`/records/${id}/transitions`, {
    method: 'POST',
    body: { from, to, ...(reason ? { reason } : {}) },
  })
export const recordHistory = (id: string, cursor: string | null) =>
  ask<Page<RecordEntry>>(`/records/${id}/history?${queryOf({ limit: '50', cursor })}`)
export const recordTypes = () => ask<{ items: RecordTypeSummary[] }>('/record-types')
export const recordTypeOf = (name: string) => ask<RecordType>(`/record-types/${encodeURIComponent(name)}`)
/** `revision` is that of the type in whose place it comes; null for a new one. */
export const putRecordType = (name: string, wish: TypeWish, revision: number | null) =>
  ask<RecordType>(`/record-types/${encodeURIComponent(name)}`, {
    method: 'PUT',
    body: wish,
    headers: revision === null ? {} : match(revision),
  })
export const removeRecordType = (name: string) =>
  ask<undefined>(`/record-types/${encodeURIComponent(name)}`, { method: 'DELETE' })
