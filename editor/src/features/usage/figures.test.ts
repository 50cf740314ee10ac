import { expect, test } from 'vitest'

import type { Quota, Usage } from '../../api/usage'
import { figure, percent, quotaName } from '../../ui/figure'
import { barsOf, forecast, monthName } from './figures'

const QUOTA: Quota = {
  quota: 'executions_per_month',
  kind: 'monthly',
  used: 150,
  limit: 1_000,
  hard: 1_200,
  percent: 15,
  state: 'ok',
  resets_at: '2026-12-01T00:00:00Z',
}
const USAGE: Usage = {
  plan: 'free',
  period: { name: '2026-11', from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z' },
  quotas: [QUOTA],
  history: [
    { period: '2026-10', used: { executions_per_month: 88 } },
    { period: '2026-09', used: {} },
  ],
}

test('months come oldest first, and this one is the last', () => {
  expect(barsOf(USAGE, QUOTA)).toEqual([
    { period: '2026-09', used: 0 },
    { period: '2026-10', used: 88 },
    { period: '2026-11', used: 150 },
  ])
})

test('a forecast goes on as so far, and is none where there is nothing to go by', () => {
  expect(forecast(USAGE, QUOTA, Date.parse('2026-11-16T00:00:00Z'))).toBe(300)
  expect(forecast(USAGE, QUOTA, Date.parse('2026-11-01T01:00:00Z'))).toBeNull()
  expect(forecast(USAGE, { ...QUOTA, kind: 'stored' }, Date.parse('2026-11-16T00:00:00Z'))).toBeNull()
})

test('names for people', () => {
  expect(quotaName('email_sends_per_month')).toBe('Email sends')
  expect([figure(12_345), percent(0.952), percent(0.9999), percent(1), percent(0)]).toEqual([
    '12,345',
    '95.2 %',
    '99.9 %',
    '100 %',
    '0 %',
  ])
  expect([monthName('2026-11'), monthName('odd')]).toEqual(['Nov 26', 'odd'])
})
