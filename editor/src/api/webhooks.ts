/** Endpoints that hear of events, and what was delivered to them. */

import { ask } from './client'
import { anything, boolean, list, maybe, nullable, number, object, oneOf, record, text } from './shape'
import type { TypeOf } from './shape'
import type { Page } from './types'

const endpointFields = {
  id: text,
  url: text,
  types: list(text),
  filter: nullable(text),
  description: text,
  status: oneOf('enabled', 'failing', 'disabled'),
  reason: nullable(text),
  rate_per_s: nullable(number),
  concurrency: number,
  asymmetric: boolean,
  ordered: boolean,
  client_certificate: nullable(object({ fingerprint: text, set_at: text })),
  failures: number,
  failing_since: nullable(text),
  created_at: text,
  updated_at: text,
  secrets: list(object({ id: text, created_at: text, until: nullable(text), public_key: nullable(text) })),
}
/** With its secret right after it was made or got a new one, and never again. */
export const endpoint = object({ ...endpointFields, secret: maybe(text) })

export const deliveryStatus = oneOf('pending', 'delivered', 'failed', 'cancelled')
const deliveryFields = {
  id: text,
  endpoint_id: text,
  event_id: text,
  type: text,
  status: deliveryStatus,
  reason: nullable(text),
  attempts: number,
  next_attempt_at: nullable(text),
  waits_in_line: boolean,
  created_at: text,
  settled_at: nullable(text),
}
export const delivery = object(deliveryFields)
export const attempt = object({
  number: number,
  started_at: text,
  duration_ms: number,
  status_code: nullable(number),
  outcome: oneOf('delivered', 'failed'),
  error: nullable(text),
  detail: nullable(text),
  response: nullable(text),
})
export const deliveryWhole = object({ ...deliveryFields, body: anything, tries: list(attempt) })
export const counts = object({ pending: number, delivered: number, failed: number, cancelled: number })
export const eventType = object({ type: text, title: text, custom: boolean, schema: record, example: anything })
export const resent = object({ resent: number, has_more: boolean })

export type Endpoint = TypeOf<typeof endpoint>
export type Delivery = TypeOf<typeof delivery>
export type DeliveryStatus = TypeOf<typeof deliveryStatus>
export type DeliveryWhole = TypeOf<typeof deliveryWhole>
export type Attempt = TypeOf<typeof attempt>
export type Counts = TypeOf<typeof counts>
export type EventType = TypeOf<typeof eventType>

export interface EndpointWish {
  url: string
  types: string[]
  filter?: string
  description?: string
  rate_per_s?: number
  concurrency?: number
  ordered?: boolean
}

const ENDPOINTS = '/webhook-endpoints'
const DELIVERIES = '/webhook-deliveries'
const post = <T>(path: string, body: object = {}) => ask<T>(path, { method: 'POST', body })

export const endpoints = () => ask<{ items: Endpoint[] }>(ENDPOINTS)
export const endpointOf = (id: string) => ask<Endpoint>(`${ENDPOINTS}/${id}`)
export const makeEndpoint = (wish: EndpointWish) => post<Endpoint>(ENDPOINTS, wish)
export const changeEndpoint = (id: string, wish: EndpointWish) =>
  ask<Endpoint>(`${ENDPOINTS}/${id}`, { method: 'PUT', body: wish })
export const removeEndpoint = (id: string) => ask<undefined>(`${ENDPOINTS}/${id}`, { method: 'DELETE' })
export const enableEndpoint = (id: string) => post<Endpoint>(`${ENDPOINTS}/${id}/enable`)
export const disableEndpoint = (id: string) => post<Endpoint>(`${ENDPOINTS}/${id}/disable`)
export const rotateSecret = (id: string, overlap_s: number) =>
  post<Endpoint>(`${ENDPOINTS}/${id}/rotate`, { overlap_s })
export const testEndpoint = (id: string) => post<Delivery>(`${ENDPOINTS}/${id}/test`)
export const resendSince = (id: string, since: string, statuses: DeliveryStatus[]) =>
  post<TypeOf<typeof resent>>(`${ENDPOINTS}/${id}/resend`, { since, statuses })
export const countsOf = (id: string) => ask<Counts>(`${ENDPOINTS}/${id}/counts`)

export const deliveries = (endpointId: string, status: string, type: string, cursor: string | null) => {
  const query = new URLSearchParams({ endpoint_id: endpointId, limit: '50' })
  if (status) query.set('status', status)
  if (type) query.set('type', type)
  if (cursor) query.set('cursor', cursor)
  return ask<Page<Delivery>>(`${DELIVERIES}?${query}`)
}
export const deliveryOf = (id: string) => ask<DeliveryWhole>(`${DELIVERIES}/${id}`)
export const resend = (id: string) => post<Delivery>(`${DELIVERIES}/${id}/resend`)
export const eventTypes = () => ask<{ items: EventType[] }>('/event-types')
