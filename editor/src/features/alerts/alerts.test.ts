import { expect, test } from 'vitest'

import { alertRule } from '../../../tests/answers'
import { switched, valuesOf, wishOf } from './rule-values'
import { causeOf, executionsOf, failuresTold, inUnits, ruleInWords, spanInWords } from './words'

const LATE = alertRule({ name: 'late', kind: 'sla', window_s: null, percent: null, ended_min: null, after_s: 5_400 })

test('a rule that is not changed is sent as it came, without what its kind does not look at', () => {
  expect(wishOf(valuesOf(alertRule()))).toEqual({
    kind: 'failure_rate',
    window_s: 3_600,
    percent: 50,
    ended_min: 5,
    mail: true,
    enabled: true,
  })
  expect(wishOf(valuesOf({ ...LATE, workflow_id: 'w', mail: false }))).toEqual({
    kind: 'sla',
    workflow_id: 'w',
    after_s: 5_400,
    mail: false,
    enabled: true,
  })
})

test('what is left empty is not sent, and what another kind asked for neither', () => {
  const values = { ...valuesOf(null), percent: '', kind: 'failure_rate' as const }
  expect(wishOf(values)).toEqual({ kind: 'failure_rate', window_s: 3_600, ended_min: 5, mail: true, enabled: true })
  const metric = { ...values, kind: 'metric' as const, workflow: 'w', above: '7' }
  expect(wishOf(metric)).toEqual({ kind: 'metric', metric: 'executions_failed', above: 7, mail: true, enabled: true })
})

test('a rule is switched off and on without another change', () => {
  const off = switched(LATE)
  expect(off).toEqual({ kind: 'sla', after_s: 5_400, mail: true, enabled: false })
  expect(switched({ ...LATE, enabled: false })).toEqual({ ...off, enabled: true })
})

test.each([
  [90, '90', '1', '90 seconds'],
  [60, '1', '60', '1 minute'],
  [5_400, '90', '60', '90 minutes'],
  [7_200, '2', '3600', '2 hours'],
  [86_400, '1', '86400', '1 day'],
])('%i seconds are %s of %s', (given, amount, unit, words) => {
  expect(inUnits(given)).toEqual({ amount, unit })
  expect(spanInWords(given)).toBe(words)
})

test('rules are told in words', () => {
  expect(ruleInWords(alertRule())).toBe('50 % of at least 5 executions that ended within 1 hour have failed')
  expect(ruleInWords(LATE)).toBe('an execution has not ended 90 minutes after it was asked for')
  const metric = alertRule({ kind: 'metric', metric: 'emails_sent', above: 1_000 })
  expect(ruleInWords(metric)).toBe('e-mails sent of today: more than 1,000')
})

test('whether failures are told of is known from all rules', () => {
  expect(failuresTold([alertRule()])).toBe('shipped')
  const written = { updated_at: '2030-01-01T00:00:00Z' }
  expect(failuresTold([alertRule(written)])).toBe('own')
  const off = alertRule({ ...written, enabled: false })
  expect(failuresTold([off, LATE])).toBe('off')
  expect(failuresTold([off, alertRule({ ...written, name: 'orders' })])).toBe('own')
})

test('an alert names the executions that it is about, and why it was cleared', () => {
  expect(executionsOf({ detail: { executions: ['a', 'b'], late: 2 } })).toEqual(['a', 'b'])
  expect(executionsOf({ detail: { execution_id: 'a' } })).toEqual(['a'])
  expect(executionsOf({ detail: { failed: 3 } })).toEqual([])
  expect([null, 'recovered', 'rule_changed', 'new'].map((because) => causeOf({ cleared_because: because }))).toEqual([
    '',
    'it has recovered',
    'its rule was changed',
    'new',
  ])
})
