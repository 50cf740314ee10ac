import { expect, test } from 'vitest'

import type { Condition, Rule } from '../../api/rules'
import { meant, valuesOf, wishOf, written } from './form-values'
import { inWords, standingOf } from './words'

function rule(conditions: Condition | null, more: Partial<Rule> = {}): Rule {
  return {
    id: 'r',
    name: 'Greet',
    event: 'lead.created',
    conditions,
    actions: [{ type: 'lead.set_status', config: { status: 'qualified' } }],
    log_misses: false,
    enabled: true,
    edited_by_hand: false,
    workflow_id: 'w',
    version: 1,
    revision: 1,
    updated_by: 'ada',
    created_at: '',
    updated_at: '',
    ...more,
  }
}

const FAIR: Condition = { field: 'data.lead.source', op: 'eq', value: 'fair' }
const RICH: Condition = { field: 'data.lead.fields.budget', op: 'ge', value: 1000 }
const NESTED: Condition = { all: [FAIR, { any: [RICH, { field: 'data.vip', op: 'exists' }] }] }

test.each<[string, Condition | null, Condition | undefined]>([
  ['none', null, undefined],
  ['one', FAIR, { all: [FAIR] }],
  ['all', { all: [FAIR, RICH] }, { all: [FAIR, RICH] }],
  ['any', { any: [FAIR, { field: 'key', op: 'missing' }] }, { any: [FAIR, { field: 'key', op: 'missing' }] }],
  ['nested ones', NESTED, NESTED],
])('%s of the conditions is sent as it came', (_, given, sent) => {
  const wish = wishOf(valuesOf(rule(given)), true)
  expect(wish.conditions).toEqual(sent)
  expect(wish.actions).toEqual(rule(given).actions)
})

test('only groups in groups are shown as JSON', () => {
  expect(valuesOf(rule(NESTED)).nested).toContain('data.vip')
  expect(valuesOf(rule({ any: [FAIR] })).nested).toBeNull()
  expect(() => wishOf({ ...valuesOf(null), nested: '{' }, true)).toThrow()
})

test('a new rule is empty, and without conditions none can be missed', () => {
  const values = { ...valuesOf(null), name: ' A ', event: ' b ', logMisses: true }
  expect(wishOf(values, false)).toEqual({ name: 'A', event: 'b', actions: [], log_misses: false, enabled: false })
})

test('values are what they read as, and come back', () => {
  expect(['5', 'true', 'fair', '"5"', '{"a":1}', '', '1 2'].map(meant)).toEqual([
    5,
    true,
    'fair',
    '5',
    '{"a":1}',
    '',
    '1 2',
  ])
  for (const value of [5, true, 'fair', '5', 'true', '"', '']) expect(meant(written(value))).toBe(value)
  const lists = [['a', 'b'], [1, 'a'], ['1', 1], ['a, b', 'c'], [' a'], ['true', true]]
  for (const value of lists) {
    const given: Condition = { all: [{ field: 'key', op: 'one_of', value }] }
    expect(wishOf(valuesOf(rule(given)), true).conditions).toEqual(given)
  }
})

test('conditions and standings are told in a few words', () => {
  expect(inWords(NESTED)).toBe('lead.source is fair and (lead.fields.budget is at least 1000 or vip is there)')
  expect(inWords({ any: [{ field: 'key', op: 'one_of', value: ['a', 'b'] }] })).toBe('key is one of a, b')
  const standings = [{}, { edited_by_hand: true }, { enabled: false, edited_by_hand: true }]
  expect(standings.map((more) => standingOf(rule(null, more))[1])).toEqual(['enabled', 'by hand', 'disabled'])
})
