/** Leads: people who asked for something, and how far one has come with them. */

import { ask } from './client'
import { anything, boolean, list, number, nullable, object, oneOf, record, text } from './shape'
import type { TypeOf } from './shape'
import type { Page } from './types'

export const lead = object({
  id: text,
  email: nullable(text),
  name: nullable(text),
  phone: nullable(text),
  company: nullable(text),
  status: text,
  source: text,
  fields: record,
  consented_at: nullable(text),
  last_email_at: nullable(text),
  last_activity_at: text,
  created_at: text,
  updated_at: text,
})
export const leadEvent = object({
  id: text,
  lead_id: text,
  type: text,
  by: object({ kind: text, name: text }),
  execution_id: nullable(text),
  data: anything,
  at: text,
})
/** One that was deleted, and can be restored for some time. */
export const deletedLead = object({
  id: text,
  email: nullable(text),
  name: nullable(text),
  phone: nullable(text),
  company: nullable(text),
  status: text,
  source: text,
  created_at: text,
  deleted_at: text,
})
export const column = object({
  status: text,
  label: text,
  kind: oneOf('open', 'won', 'lost'),
  count: number,
  count_is_capped: boolean,
  allowed: list(text),
  leads: list(lead),
})

export type Lead = TypeOf<typeof lead>
export type LeadEvent = TypeOf<typeof leadEvent>
export type DeletedLead = TypeOf<typeof deletedLead>
export type Column = TypeOf<typeof column>
export type NewLead = Partial<Pick<Lead, 'email' | 'name' | 'phone' | 'company'>>
export type NoteType = 'note' | 'email' | 'call' | 'meeting'

const queryOf = (given: Readonly<Record<string, string | null>>) =>
  new URLSearchParams(Object.entries(given).flatMap(([key, value]) => (value ? [[key, value]] : [])))

export const leads = (status: string, q: string, cursor: string | null) =>
  ask<Page<Lead>>(`/leads?${queryOf({ limit: '50', status, q, cursor })}`)
export const leadOf = (id: string) => ask<Lead>(`/leads/${id}`)
export const leadEvents = (id: string, cursor: string | null) =>
  ask<Page<LeadEvent>>(`/leads/${id}/events?${queryOf({ limit: '50', cursor })}`)
export const board = (q: string) => ask<{ columns: Column[] }>(`/lead-board?${queryOf({ q })}`)
export const createLead = (wish: NewLead) => ask<Lead>('/leads', { method: 'POST', body: wish })
export const removeLead = (id: string) => ask<undefined>(`/leads/${id}`, { method: 'DELETE' })
export const deletedLeads = (cursor: string | null) =>
  ask<Page<DeletedLead>>(`/deleted-leads?${queryOf({ limit: '50', cursor })}`)
export const restoreLead = (id: string) => ask<Lead>(`/deleted-leads/${id}/restore`, { method: 'POST' })
/** `from` is where it was seen last: if somebody else has moved it since, that is said. */
export const moveLead = (id: string, from: string, status: string) =>
  ask<Lead>(`/leads/${id}/status`, { method: 'POST', body: { status, from } })
export const noteOn = (id: string, type: NoteType, words: string) =>
  ask<LeadEvent>(`/leads/${id}/events`, { method: 'POST', body: { type, text: words } })
