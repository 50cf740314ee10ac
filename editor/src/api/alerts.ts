/** Alerts, and the rules that raise them. */

import { ask } from './client'
import { boolean, nullable, number, object, oneOf, record, text } from './shape'
import type { TypeOf } from './shape'
import type { Page } from './types'

export const alertKind = oneOf('failure_rate', 'silence', 'queue_age', 'sla', 'metric')
export const alertMetric = oneOf(
  'executions_started',
  'executions_failed',
  'executions_cancelled',
  'duration_ms_p50',
  'duration_ms_p95',
  'duration_ms_max',
  'emails_sent',
  'leads_created',
)
export const alert = object({
  id: text,
  status: oneOf('open', 'cleared'),
  rule: text,
  kind: alertKind,
  workflow_id: nullable(text),
  summary: text,
  /** Figures, and the executions concerned; which ones depends on the kind. */
  detail: record,
  raised_at: text,
  cleared_at: nullable(text),
  /** `recovered`, or `rule_changed`. */
  cleared_because: nullable(text),
})
/** Numbers that its kind does not look at are null. */
export const alertRule = object({
  name: text,
  kind: alertKind,
  workflow_id: nullable(text),
  window_s: nullable(number),
  percent: nullable(number),
  ended_min: nullable(number),
  after_s: nullable(number),
  metric: nullable(alertMetric),
  above: nullable(number),
  mail: boolean,
  enabled: boolean,
  /** Null for the rule that is shipped. */
  updated_by: nullable(text),
  updated_at: nullable(text),
})

export type Alert = TypeOf<typeof alert>
export type AlertKind = TypeOf<typeof alertKind>
export type AlertMetric = TypeOf<typeof alertMetric>
export type AlertRule = TypeOf<typeof alertRule>

/** A rule as it is written: without what its kind does not look at. */
export interface RuleWish {
  kind: AlertKind
  workflow_id?: string
  window_s?: number
  percent?: number
  ended_min?: number
  after_s?: number
  metric?: AlertMetric
  above?: number
  mail: boolean
  enabled: boolean
}

/** Newest first; the open ones, of which there is one for each rule at most, or all. */
export const alerts = (status: 'open' | 'all', cursor: string | null) =>
  ask<Page<Alert>>(`/alerts?status=${status}&limit=50${cursor ? `&cursor=${cursor}` : ''}`)
export const alertRules = () => ask<{ items: AlertRule[] }>('/alert-rules')
export const putRule = (name: string, wish: RuleWish) =>
  ask<undefined>(`/alert-rules/${encodeURIComponent(name)}`, { method: 'PUT', body: wish })
export const removeRule = (name: string) =>
  ask<undefined>(`/alert-rules/${encodeURIComponent(name)}`, { method: 'DELETE' })
