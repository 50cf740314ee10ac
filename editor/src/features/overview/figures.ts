/** Days as sums and as bars. */

import type { DailyStats, Day } from '../../api/stats'
import { figure, percent } from '../../ui/figure'
import type { PlotBar } from '../../ui/plot'
import { span } from '../../ui/time'

const DAY_MS = 86_400_000

/** How many days can be looked at. */
export const RANGES = [
  ['7', '7 days'],
  ['30', '30 days'],
  ['90', '90 days'],
] as const
const RANGE_DEFAULT = '30'

export function rangeOf(wanted: string): string {
  return RANGES.find(([days]) => days === wanted)?.[0] ?? RANGE_DEFAULT
}

/** The first of so many days, of which today, in UTC, is the last. */
export function firstOf(days: string, now = Date.now()): string {
  return dayOf(now - (Number(days) - 1) * DAY_MS)
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

export interface Slot {
  day: string
  /** Null of a day that tells nothing, or was not counted yet. */
  told: Day | null
}

/** All days from the first to the last. */
export function slotsOf({ from, to, items }: DailyStats): Slot[] {
  const known = new Map(items.map((item) => [item.day, item]))
  const first = Date.parse(from)
  const count = Math.max(0, Math.round((Date.parse(to) - first) / DAY_MS)) + 1
  return Array.from({ length: count }, (_, at) => {
    const day = dayOf(first + at * DAY_MS)
    return { day, told: known.get(day) ?? null }
  })
}

export interface Sums {
  started: number
  failed: number
  open: number
  emails: number
  leads: number
  /** Null if none completed or failed. */
  success: number | null
  /** Since when nothing was counted; null if nothing was yet. */
  counted_at: string | null
}

export function sumsOf(days: readonly Day[]): Sums {
  const sum = (of: (day: Day) => number) => days.reduce((all, day) => all + of(day), 0)
  const [completed, failed] = [
    sum(({ executions }) => executions.completed),
    sum(({ executions }) => executions.failed),
  ]
  return {
    started: sum(({ executions }) => executions.started),
    failed,
    open: sum(({ executions }) => executions.open),
    emails: sum(({ emails_sent }) => emails_sent),
    leads: sum(({ leads_created }) => leads_created),
    success: completed + failed === 0 ? null : completed / (completed + failed),
    counted_at: days.reduce<string | null>((last, day) => later(last, day.counted_at), null),
  }
}

function later(one: string | null, other: string): string {
  return one !== null && Date.parse(one) > Date.parse(other) ? one : other
}

/** `2026-11-30` as `Nov 30`. */
export function dayName(day: string): string {
  return new Date(`${day}T00:00:00Z`).toLocaleDateString('en-US', { month: 'short', day: 'numeric', timeZone: 'UTC' })
}

type Told = Omit<PlotBar, 'name'>
const NOTHING: Told = { value: 0, words: 'nothing' }

export const executionsTold = ({ executions, success_rate }: Day): Told => {
  const { started, completed, failed, cancelled, open } = executions
  const parts = [
    [completed, 'completed'],
    [failed, 'failed'],
    [cancelled, 'cancelled'],
    [open, 'not ended'],
  ] as const
  const told = parts.filter(([count]) => count > 0).map(([count, words]) => `${figure(count)} ${words}`)
  const rate = success_rate === null ? '' : `; success ${percent(success_rate)}`
  return { value: started, bad: failed, words: [`${figure(started)} started`, ...told].join(', ') + rate }
}

export const successTold = ({ success_rate }: Day): Told =>
  success_rate === null
    ? { value: 0, words: 'none completed or failed' }
    : { value: success_rate * 100, words: percent(success_rate) }

export const durationTold = ({ duration_ms }: Day): Told =>
  duration_ms === null
    ? { value: 0, words: 'none completed or failed' }
    : {
        value: duration_ms.p50,
        words: `half within ${span(duration_ms.p50)}, 95 % within ${span(duration_ms.p95)}, longest ${span(duration_ms.max)}`,
      }

export const emailsTold = ({ emails_sent }: Day): Told => ({ value: emails_sent, words: figure(emails_sent) })
export const leadsTold = ({ leads_created }: Day): Told => ({ value: leads_created, words: figure(leads_created) })

/** A bar for each day. */
export function barsOf(slots: readonly Slot[], tell: (day: Day) => Told): PlotBar[] {
  return slots.map(({ day, told }) => ({ name: dayName(day), ...(told ? tell(told) : NOTHING) }))
}
