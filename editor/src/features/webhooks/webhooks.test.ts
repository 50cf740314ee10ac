import { expect, test } from 'vitest'

import type { Delivery } from '../../api/webhooks'
import { endpoint } from '../../../tests/answers'
import { flipped, typesOf, valuesOf, wishOf } from './form-values'
import { nextOf, typesInWords } from './standing'

test('an endpoint that is not changed is sent as it came', () => {
  const given = endpoint({ filter: "event.data.status == 'failed'", rate_per_s: 50, concurrency: 4, ordered: true })
  expect(wishOf(valuesOf(given))).toEqual({
    url: given.url,
    types: given.types,
    filter: given.filter,
    rate_per_s: 50,
    concurrency: 4,
    ordered: true,
  })
})

test('what is left empty is left out', () => {
  const wish = wishOf({ ...valuesOf(null), url: ' https://a ', types: '', filter: ' ' })
  expect(wish).toEqual({ url: 'https://a', types: [], ordered: false })
})

test('types are lines or words, each once, and can be added and taken away', () => {
  expect(typesOf('a.b\n c.d, a.b\n')).toEqual(['a.b', 'c.d'])
  expect(flipped('a.b', 'c.d')).toBe('a.b\nc.d')
  expect(flipped('a.b\nc.d', 'a.b')).toBe('c.d')
})

test('what is heard and what comes next are told in a few words', () => {
  expect([[], ['a.*'], ['a', 'b', 'c'], ['a', '*']].map(typesInWords)).toEqual([
    'nothing',
    'a.*',
    'a and 2 more',
    'everything',
  ])
  const now = Date.parse('2030-01-01T00:00:00Z')
  const next = (seconds: number | null, status: Delivery['status'] = 'pending') => {
    const at = seconds === null ? null : new Date(now + seconds * 1_000).toISOString()
    return nextOf({ status, next_attempt_at: at } as Delivery, now)
  }
  expect([null, -1, 20, 600, 10_000].map((seconds) => next(seconds))).toEqual([
    'at once',
    'at once',
    'in 20 s',
    'in 10 min',
    'in 3 h',
  ])
  expect(next(20, 'failed')).toBe('')
  const waiting = { status: 'pending', next_attempt_at: null, waits_in_line: true } as Delivery
  expect(nextOf(waiting, now)).toBe('after those before it')
})
