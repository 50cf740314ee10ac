import { expect, test } from 'vitest'

import { countOf, nameOf, told, waysFrom } from './words'

const column = (status: string, ...allowed: string[]) => ({
  status,
  label: status,
  kind: 'open' as const,
  count: 1,
  count_is_capped: false,
  allowed,
  leads: [],
})

test('a lead is called by what is known of it', () => {
  const none = { name: null, email: null, company: null, phone: null }
  expect(nameOf({ ...none, email: 'ada@example.com', name: 'Ada' })).toBe('Ada')
  expect(nameOf({ ...none, phone: '17' })).toBe('17')
  expect(nameOf(none)).toBe('nobody')
})

test('a lead goes only where its pipeline allows', () => {
  const columns = [column('new', 'qualified', 'gone'), column('qualified'), column('won')]
  expect(columns.map((one) => waysFrom(one, columns).map(({ to }) => to))).toEqual([['qualified'], [], []])
})

test('what happened is told in a line, and a count that was not finished says so', () => {
  expect(told({ type: 'status_changed', data: { from: 'new', to: 'lost', reason: 'no budget' } })).toBe(
    'new → lost: no budget',
  )
  expect(told({ type: 'note', data: { text: 'called twice' } })).toBe('called twice')
  expect(told({ type: 'updated', data: { changes: { email: {}, name: {} } } })).toBe('email, name')
  expect(countOf({ count: 1000, count_is_capped: true })).toBe('1000+')
})
