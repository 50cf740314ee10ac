/** Which figures of health are drawn, and how they are said. */

import type { HealthPoint } from '../../api/platform'
import { figure } from '../../ui/figure'
import { span } from '../../ui/time'

export interface CurveOf {
  label: string
  /** Null where there is nothing. */
  of: (point: HealthPoint) => number | null
  words: (value: number) => string
}

const seconds = (value: number) => span(value * 1_000)
const rounded = (value: number) => figure(Math.round(value))

export function bytes(value: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  const at = Math.min(units.length - 1, value < 1 ? 0 : Math.floor(Math.log10(value) / 3))
  return `${(value / 1_000 ** at).toFixed(at === 0 ? 0 : 1)} ${units[at]}`
}

export const CURVES: readonly CurveOf[] = [
  { label: 'Workers', of: (point) => point.workers, words: rounded },
  { label: 'Executions at work', of: (point) => point.active, words: rounded },
  { label: 'Tokens in the queue', of: (point) => point.queued, words: rounded },
  { label: 'Oldest in the queue', of: (point) => point.queue_age_s ?? 0, words: seconds },
  { label: 'Claims in a second', of: (point) => point.claims_per_s, words: (value) => value.toFixed(1) },
  { label: 'Oldest transaction', of: (point) => point.oldest_transaction_s ?? 0, words: seconds },
  {
    label: 'Dead rows',
    of: ({ dead_rows, live_rows }) => (dead_rows / Math.max(1, dead_rows + live_rows)) * 100,
    words: (value) => `${value.toFixed(1)} %`,
  },
  { label: 'Connections', of: (point) => point.connections, words: rounded },
  { label: 'Database on disk', of: (point) => point.database_bytes, words: bytes },
]

export const RANGES: readonly (readonly [number, string])[] = [
  [1, 'One hour'],
  [24, 'One day'],
  [168, 'One week'],
  [336, 'Two weeks'],
]

export function rangeOf(text: string): number {
  return RANGES.find(([hours]) => String(hours) === text)?.[0] ?? 24
}

/** As the path of a line in a box; where there is no value, there is no line. */
export function pathOf(values: readonly (number | null)[], width: number, height: number): string {
  const most = Math.max(1e-9, ...values.map((value) => value ?? 0))
  const step = width / Math.max(1, values.length - 1)
  let isDown = false
  return values
    .map((value, at) => {
      if (value === null) {
        isDown = false
        return ''
      }
      const point = `${(at * step).toFixed(1)} ${(height - (value / most) * height).toFixed(1)}`
      const move = isDown ? 'L' : 'M'
      // A point by itself is seen, too.
      const dot = !isDown && (values[at + 1] ?? null) === null ? 'h.1' : ''
      isDown = true
      return `${move}${point}${dot}`
    })
    .join('')
}
