/** A rule as it is written in its form. */

import type { AlertKind, AlertMetric, AlertRule, RuleWish } from '../../api/alerts'
import { inUnits } from './words'

export interface Values {
  name: string
  kind: AlertKind
  /** Empty for all workflows together. */
  workflow: string
  percent: string
  ended: string
  /** How far back, in units of so many seconds. */
  window: string
  windowUnit: string
  /** How long is too long. */
  after: string
  afterUnit: string
  metric: AlertMetric
  above: string
  mail: boolean
  enabled: boolean
}

type Part = 'workflow' | 'rate' | 'after' | 'metric'

/** What each kind asks for. */
export const PARTS: Record<AlertKind, readonly Part[]> = {
  failure_rate: ['workflow', 'rate'],
  silence: ['workflow', 'after'],
  queue_age: ['after'],
  sla: ['workflow', 'after'],
  metric: ['metric'],
}

/** Of a new rule: as much as is sensible already. */
export function valuesOf(rule: AlertRule | null): Values {
  const window = inUnits(rule?.window_s ?? 3_600)
  const after = inUnits(rule?.after_s ?? 3_600)
  return {
    name: rule?.name ?? '',
    kind: rule?.kind ?? 'failure_rate',
    workflow: rule?.workflow_id ?? '',
    percent: String(rule?.percent ?? 50),
    ended: String(rule?.ended_min ?? 5),
    window: window.amount,
    windowUnit: window.unit,
    after: after.amount,
    afterUnit: after.unit,
    metric: rule?.metric ?? 'executions_failed',
    above: String(rule?.above ?? 100),
    mail: rule?.mail ?? true,
    enabled: rule?.enabled ?? true,
  }
}

/** What is left empty is not sent: the server says what it needs. */
export function wishOf(values: Values): RuleWish {
  const { kind, mail, enabled } = values
  const has = (part: Part) => PARTS[kind].includes(part)
  return {
    kind,
    ...(has('workflow') && values.workflow !== '' ? { workflow_id: values.workflow } : {}),
    ...(has('rate') ? seconds('window_s', values.window, values.windowUnit) : {}),
    ...(has('rate') ? { ...number('percent', values.percent), ...number('ended_min', values.ended) } : {}),
    ...(has('after') ? seconds('after_s', values.after, values.afterUnit) : {}),
    ...(has('metric') ? { metric: values.metric, ...number('above', values.above) } : {}),
    mail,
    enabled,
  }
}

/** The same rule, switched on or off. */
export function switched(rule: AlertRule): RuleWish {
  return wishOf(valuesOf({ ...rule, enabled: !rule.enabled }))
}

function number(field: string, text: string): Record<string, number> {
  return text.trim() === '' ? {} : { [field]: Number(text) }
}

function seconds(field: string, amount: string, unit: string): Record<string, number> {
  return amount.trim() === '' ? {} : { [field]: Math.round(Number(amount) * Number(unit)) }
}
