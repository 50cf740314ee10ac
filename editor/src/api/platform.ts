/** The platform: workspaces as tenants, for its administrators. */

import { ask } from './client'
import { list, nullable, object, oneOf, text } from './shape'
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

export type Tenant = TypeOf<typeof tenant>
export type TenantWhole = TypeOf<typeof tenantWhole>
export type TenantMove = TypeOf<typeof move>
export type Operation = TypeOf<typeof operation>
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
