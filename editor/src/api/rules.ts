/** Automation rules. */

import { ask } from './client'
import { boolean, list, nullable, number, object, oneOf, record, text } from './shape'
import type { Shape, TypeOf } from './shape'
import type { Page } from './types'

export const operator = oneOf('eq', 'ne', 'gt', 'ge', 'lt', 'le', 'contains', 'one_of', 'exists', 'missing')
export type Operator = TypeOf<typeof operator>

export const actionType = oneOf(
  'action.send_email',
  'action.send_sms',
  'action.notify',
  'action.http_request',
  'action.emit_event',
  'lead.upsert',
  'lead.update',
  'lead.set_status',
  'record.create',
  'record.update',
  'record.transition',
  'logic.sub_workflow',
)
export type ActionType = TypeOf<typeof actionType>

/** A comparison, or a group: exactly one of `all`, `any` and `field` is there. */
export interface Condition {
  all?: Condition[]
  any?: Condition[]
  field?: string
  op?: Operator
  value?: unknown
}

export const rule = object({
  id: text,
  name: text,
  event: text,
  conditions: nullable(record as Shape<Condition>),
  actions: list(object({ type: actionType, config: record })),
  log_misses: boolean,
  enabled: boolean,
  /** Its workflow was changed by hand, and is not made of the rule any more. */
  edited_by_hand: boolean,
  workflow_id: text,
  version: number,
  revision: number,
  updated_by: text,
  created_at: text,
  updated_at: text,
})
export type Rule = TypeOf<typeof rule>

export interface RuleWish {
  name: string
  event: string
  conditions?: Condition
  actions: Rule['actions']
  log_misses: boolean
  enabled: boolean
}

const RULES = '/rules'

export const rules = (cursor: string | null) =>
  ask<Page<Rule>>(`${RULES}?limit=50${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`)
export const ruleOf = (id: string) => ask<Rule>(`${RULES}/${id}`)
export const makeRule = (wish: RuleWish) => ask<Rule>(RULES, { method: 'POST', body: wish })
export const changeRule = (id: string, revision: number, wish: RuleWish) =>
  ask<Rule>(`${RULES}/${id}`, { method: 'PUT', body: wish, headers: { 'if-match': `"${revision}"` } })
export const removeRule = (id: string) => ask<undefined>(`${RULES}/${id}`, { method: 'DELETE' })
