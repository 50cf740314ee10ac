import { expect, test } from 'vitest'

import type { Day } from '../../api/stats'
import { barsOf, durationTold, executionsTold, firstOf, rangeOf, slotsOf, successTold, sumsOf } from './figures'

function day(name: string, more: Partial<Day> = {}): Day {
  return {
    day: name,
    executions: { started: 12, completed: 8, failed: 2, cancelled: 1, open: 1 },
    success_rate: 0.8,
    duration_ms: { mean: 900, p50: 310, p95: 4_100, max: 61_000 },
    emails_sent: 3,
    leads_created: 1,
    counted_at: `${name}T12:00:00Z`,
    ...more,
  }
}

const QUIET = { started: 0, completed: 0, failed: 0, cancelled: 0, open: 0 }

test('the range is one of those that there are, and its last day is today in UTC', () => {
  expect([rangeOf('7'), rangeOf('8'), rangeOf('')]).toEqual(['7', '30', '30'])
  expect(firstOf('7', Date.parse('2026-03-01T23:59:59Z'))).toBe('2026-02-23')
})

test('days that are left out are there, and tell nothing', () => {
  const slots = slotsOf({ from: '2026-02-27', to: '2026-03-02', items: [day('2026-02-28')] })
  expect(slots.map(({ day, told }) => [day, told !== null])).toEqual([
    ['2026-02-27', false],
    ['2026-02-28', true],
    ['2026-03-01', false],
    ['2026-03-02', false],
  ])
  expect(barsOf(slots, executionsTold).slice(0, 2)).toEqual([
    { name: 'Feb 27', value: 0, words: 'nothing' },
    {
      name: 'Feb 28',
      value: 12,
      bad: 2,
      words: '12 started, 8 completed, 2 failed, 1 cancelled, 1 not ended; success 80 %',
    },
  ])
})

test('sums are of all days, and the rate is of all that completed or failed', () => {
  const lost = { executions: { ...QUIET, started: 2, failed: 2 }, success_rate: 0 }
  expect(sumsOf([day('2026-02-28'), day('2026-03-01', lost)])).toEqual({
    started: 14,
    failed: 4,
    open: 1,
    emails: 6,
    leads: 2,
    success: 8 / 12,
    counted_at: '2026-03-01T12:00:00Z',
  })
  expect(sumsOf([])).toMatchObject({ started: 0, success: null, counted_at: null })
})

test('a day on which nothing completed or failed has neither a rate nor durations', () => {
  const quiet = day('2026-02-28', { executions: QUIET, success_rate: null, duration_ms: null })
  expect([successTold(quiet), durationTold(quiet)].map(({ value }) => value)).toEqual([0, 0])
  expect(successTold(quiet).words).toBe('none completed or failed')
  expect(durationTold(day('2026-02-28')).words).toBe('half within 310 ms, 95 % within 4.1 s, longest 1 min 1 s')
})
