/** What the workspace did, day by day: workers count it, nothing is counted when it is asked for. */

import { ask } from './client'
import { list, nullable, number, object, text } from './shape'
import type { TypeOf } from './shape'

export const day = object({
  /** Of UTC, as `2026-01-31`. */
  day: text,
  /** Those that were asked for on that day, and what has become of them; `open` have not ended. */
  executions: object({ started: number, completed: number, failed: number, cancelled: number, open: number }),
  /** From 0 to 1; null if none completed or failed. */
  success_rate: nullable(number),
  duration_ms: nullable(object({ mean: number, p50: number, p95: number, max: number })),
  emails_sent: number,
  leads_created: number,
  counted_at: text,
})
/** A day without anything to tell, or that was not counted yet, is left out. */
export const dailyStats = object({ from: text, to: text, items: list(day) })

export type Day = TypeOf<typeof day>
export type DailyStats = TypeOf<typeof dailyStats>

export const daily = (from: string) => ask<DailyStats>(`/stats/daily?from=${from}`)
