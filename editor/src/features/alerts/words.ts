/** Rules and alerts in words. */

import type { Alert, AlertKind, AlertMetric, AlertRule } from '../../api/alerts'

/** The rule that each workspace has unless it writes one of that name. */
export const SHIPPED = 'failures'

export const KINDS: Record<AlertKind, string> = {
  failure_rate: 'Too many executions fail',
  silence: 'A workflow begins nothing',
  queue_age: 'An execution waits for a worker',
  sla: 'An execution takes too long',
  metric: 'A figure of the day is too high',
}

export const METRICS: Record<AlertMetric, string> = {
  executions_started: 'Executions started',
  executions_failed: 'Executions failed',
  executions_cancelled: 'Executions cancelled',
  duration_ms_p50: 'Median duration in milliseconds',
  duration_ms_p95: 'Duration of the slowest twentieth, in milliseconds',
  duration_ms_max: 'Longest duration in milliseconds',
  emails_sent: 'E-mails sent',
  leads_created: 'Leads made',
}

export const UNITS = [
  ['1', 'seconds'],
  ['60', 'minutes'],
  ['3600', 'hours'],
  ['86400', 'days'],
] as const

/** Seconds as a number of the largest unit that fits them exactly; the unit by its seconds. */
export function inUnits(seconds: number): { amount: string; unit: string } {
  const unit = [...UNITS].reverse().find(([size]) => seconds % Number(size) === 0)?.[0] ?? '1'
  return { amount: String(seconds / Number(unit)), unit }
}

/** `2 hours`, `1 day`. */
export function spanInWords(seconds: number | null): string {
  const { amount, unit } = inUnits(seconds ?? 0)
  const word = UNITS.find(([size]) => size === unit)?.[1] ?? ''
  return `${amount} ${amount === '1' ? word.slice(0, -1) : word}`
}

/** When a rule is broken. */
export function ruleInWords(rule: AlertRule): string {
  const { kind, percent, ended_min, window_s, after_s, metric, above } = rule
  switch (kind) {
    case 'failure_rate':
      return `${percent} % of at least ${ended_min} executions that ended within ${spanInWords(window_s)} have failed`
    case 'silence':
      return `no execution has begun for ${spanInWords(after_s)}`
    case 'queue_age':
      return `an execution has waited ${spanInWords(after_s)} for its first worker`
    case 'sla':
      return `an execution has not ended ${spanInWords(after_s)} after it was asked for`
    case 'metric':
      return `${metric === null ? 'a figure' : METRICS[metric].toLowerCase()} of today: more than ${above?.toLocaleString('en-US')}`
  }
}

/** Whether failures are told of, and by whose rule. */
export function failuresTold(rules: readonly AlertRule[]): 'shipped' | 'own' | 'off' {
  const telling = rules.filter(({ kind, enabled }) => kind === 'failure_rate' && enabled)
  if (telling.length === 0) return 'off'
  return telling.some(({ updated_at }) => updated_at === null) ? 'shipped' : 'own'
}

/** Executions that an alert names. */
export function executionsOf({ detail }: Pick<Alert, 'detail'>): string[] {
  const many = Array.isArray(detail['executions']) ? detail['executions'] : [detail['execution_id']]
  return many.filter((id): id is string => typeof id === 'string')
}

const CAUSES: Record<string, string> = { recovered: 'it has recovered', rule_changed: 'its rule was changed' }

export function causeOf({ cleared_because }: Pick<Alert, 'cleared_because'>): string {
  return cleared_because === null ? '' : (CAUSES[cleared_because] ?? cleared_because)
}
