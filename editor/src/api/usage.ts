/** What the plan allows, and what of it is used. */

import { ask } from './client'
import { list, map, nullable, number, object, oneOf, text } from './shape'
import type { TypeOf } from './shape'
import type { Page } from './types'

export const quota = object({
  quota: text,
  kind: oneOf('monthly', 'stored'),
  used: number,
  limit: nullable(number),
  hard: nullable(number),
  percent: nullable(number),
  state: oneOf('ok', 'soft', 'hard'),
  resets_at: nullable(text),
})
export const usage = object({
  plan: nullable(text),
  period: object({ name: text, from: text, to: text }),
  quotas: list(quota),
  history: list(object({ period: text, used: map(number) })),
})
export const receipt = object({
  quota: text,
  units: number,
  at: text,
  execution_id: text,
  step: nullable(object({ node_id: text, scope: text })),
  href: text,
})

export type Quota = TypeOf<typeof quota>
export type Usage = TypeOf<typeof usage>
export type Receipt = TypeOf<typeof receipt>

export const usageOf = () => ask<Usage>('/usage')
export const receipts = (quota: string, cursor: string | null) => {
  const query = new URLSearchParams({ limit: '50' })
  if (quota) query.set('quota', quota)
  if (cursor) query.set('cursor', cursor)
  return ask<Page<Receipt>>(`/usage/receipts?${query}`)
}
