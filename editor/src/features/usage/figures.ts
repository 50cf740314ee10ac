/** Usage as figures: bars of months, and where this one leads to. */

import type { Quota, Usage } from '../../api/usage'

export interface Bar {
  period: string
  used: number
}

/** The months that are known, oldest first, with this one last. */
export function barsOf(usage: Usage, quota: Quota): Bar[] {
  const past = usage.history.map(({ period, used }) => ({ period, used: used[quota.quota] ?? 0 })).reverse()
  return [...past, { period: usage.period.name, used: quota.used }]
}

/** Less of a period tells nothing of the rest. */
const SHARE_MIN = 0.03

/** What this period comes to if it goes on as so far; null where too little of it has passed, or nothing resets. */
export function forecast(usage: Usage, quota: Quota, now = Date.now()): number | null {
  if (quota.kind !== 'monthly') return null
  const [from, to] = [Date.parse(usage.period.from), Date.parse(usage.period.to)]
  const share = (now - from) / (to - from)
  return share < SHARE_MIN || share > 1 ? null : Math.round(quota.used / share)
}

/** `2026-11` as `Nov 26`. */
export function monthName(period: string): string {
  const at = Date.parse(`${period}-01T00:00:00Z`)
  if (Number.isNaN(at)) return period
  return new Date(at).toLocaleDateString('en-US', { month: 'short', year: '2-digit', timeZone: 'UTC' })
}
