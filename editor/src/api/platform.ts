/** The platform, for its administrators: workspaces as tenants, settings that hold for all, and how it stands. */

import { auditChange } from './access'
import { ask } from './client'
import { anything, boolean, list, maybe, nullable, number, object, oneOf, text } from './shape'
import type { TypeOf } from './shape'
import { tenantState } from './types'
import type { Page } from './types'

const tenantFields = {
  id: text,
  slug: text,
  name: text,
  state: tenantState,
  state_reason: nullable(text),
  state_changed_at: text,
  placement: text,
  plan: nullable(text),
  created_at: text,
}
const move = object({ from: tenantState, to: tenantState, by: text, reason: nullable(text), at: text })
export const tenant = object(tenantFields)
export const tenantWhole = object({ ...tenantFields, history: list(move) })
export const operation = object({
  id: text,
  kind: text,
  status: oneOf('pending', 'running', 'completed', 'failed'),
  workspace: nullable(object({ id: text, slug: text, name: text, state: tenantState })),
  steps: list(object({ name: text, status: oneOf('pending', 'completed'), at: nullable(text) })),
  error: nullable(object({ code: text, detail: nullable(text) })),
  created_at: text,
  ended_at: nullable(text),
})

export const assignedPages = object({
  pages: list(text),
  is_all: boolean,
  set_by: nullable(text),
  set_at: nullable(text),
})
/** What a setting may be: words, characters, a plan, or a number between two. */
const settingShape = object({
  type: oneOf('choice', 'text', 'plan', 'number'),
  words: maybe(list(text)),
  chars_max: maybe(number),
  min: maybe(number),
  max: maybe(number),
})
export const setting = object({
  name: text,
  about: text,
  shape: settingShape,
  value: anything,
  is_set: boolean,
  /** What holds where nobody has set it. */
  usual: anything,
  changed_by: nullable(text),
  changed_at: nullable(text),
})
export const platformChange = object({
  id: text,
  at: text,
  by: text,
  action: text,
  subject: text,
  address: nullable(text),
  request_id: text,
  changes: list(auditChange),
})
export const standing = oneOf('good', 'warn', 'bad')
const point = object({
  at: text,
  workers: number,
  queued: number,
  active: number,
  queue_age_s: nullable(number),
  timer_late_s: nullable(number),
  outbox_age_s: nullable(number),
  claims_per_s: nullable(number),
  oldest_transaction_s: nullable(number),
  live_rows: number,
  dead_rows: number,
  months_ahead: number,
  connections: number,
  connections_max: number,
  database_bytes: nullable(number),
})
export const health = object({
  cell: text,
  standing,
  checks: list(object({ check: text, standing, detail: text })),
  hours: number,
  stretch_s: number,
  points: list(point),
})

/** A schema or a database, and the workspace whose own cell it is. */
const ofCell = { cell: text, workspace_id: nullable(text), workspace: nullable(text) }
const duty = object({
  ...ofCell,
  name: text,
  holder: text,
  leased_until: nullable(text),
  last_begun_at: text,
  last_ended_at: nullable(text),
  is_done: nullable(boolean),
  outcome: nullable(text),
  next_due_at: text,
  is_held: boolean,
  late_s: number,
  is_late: boolean,
})
const unreachable = object({ ...ofCell, reason: text })
const month = object({ month: text, closed_at: text, archived_at: nullable(text), dropped_at: nullable(text) })
const statement = object({ statement: text, calls: number, total_ms: number, mean_ms: number, max_ms: number })
export const upkeep = object({
  cell: text,
  items: list(duty),
  unreachable: list(unreachable),
  next_cursor: nullable(text),
  retention: object({ keep_days: nullable(number), is_archived: boolean }),
  months: list(month),
  /** None where the database does not count them. */
  slow_statements: nullable(list(statement)),
  unused_indexes: list(object({ index: text, table: text, bytes: number })),
})

export type Tenant = TypeOf<typeof tenant>
export type TenantWhole = TypeOf<typeof tenantWhole>
export type TenantMove = TypeOf<typeof move>
export type Operation = TypeOf<typeof operation>
export type AssignedPages = TypeOf<typeof assignedPages>
export type Setting = TypeOf<typeof setting>
export type PlatformChange = TypeOf<typeof platformChange>
export type Health = TypeOf<typeof health>
export type HealthPoint = TypeOf<typeof point>
export type Standing = TypeOf<typeof standing>
export type Duty = TypeOf<typeof duty>
export type Unreachable = TypeOf<typeof unreachable>
export type Upkeep = TypeOf<typeof upkeep>
export type Verb = 'suspend' | 'resume' | 'archive'

export interface NewTenant {
  slug: string
  name: string
  owner: { email: string; name?: string }
}

export const tenants = (q: string, state: string, cursor: string | null) => {
  const query = new URLSearchParams({ limit: '50' })
  if (q) query.set('q', q)
  if (state) query.set('state', state)
  if (cursor) query.set('cursor', cursor)
  return ask<Page<Tenant>>(`/platform/tenants?${query}`)
}
export const tenantOf = (id: string) => ask<TenantWhole>(`/platform/tenants/${id}`)
export const moveTenant = (id: string, verb: Verb, reason: string) =>
  ask<Tenant>(`/platform/tenants/${id}/${verb}`, { method: 'POST', body: reason ? { reason } : {} })
/** The key makes a repeated click one workspace. */
export const createTenant = (wish: NewTenant, key: string) =>
  ask<Operation>('/platform/tenants', { method: 'POST', body: wish, headers: { 'idempotency-key': key } })
export const operationOf = (id: string) => ask<Operation>(`/operations/${id}`)

export const pagesOf = (id: string) => ask<AssignedPages>(`/platform/tenants/${id}/pages`)
/** Null assigns all there are and will be. */
export const assignPages = (id: string, pages: string[] | null) =>
  ask<AssignedPages>(`/platform/tenants/${id}/pages`, { method: 'PUT', body: { pages } })
export const settings = () => ask<{ items: Setting[] }>('/platform/settings')
export const setSetting = (name: string, value: string | number) =>
  ask<Setting>(`/platform/settings/${name}`, { method: 'PUT', body: { value } })
export const removeSetting = (name: string) => ask<Setting>(`/platform/settings/${name}`, { method: 'DELETE' })
export const platformChanges = (cursor: string | null) =>
  ask<Page<PlatformChange>>(`/platform/audit?limit=20${cursor === null ? '' : `&cursor=${cursor}`}`)
export const healthOf = (hours: number) => ask<Health>(`/platform/health?hours=${hours}`)
/** By pages of dedicated cells; the others are on the first one. */
export const upkeepOf = (cursor: string | null) =>
  ask<Upkeep>(`/platform/duties?limit=50${cursor === null ? '' : `&cursor=${cursor}`}`)
