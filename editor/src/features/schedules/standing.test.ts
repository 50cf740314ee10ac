import { expect, test } from 'vitest'

import { causeOf, fieldOf, timeOf, until } from './standing'

const NOW = Date.parse('2030-01-01T00:00:00Z')
const inSeconds = (seconds: number) => until(new Date(NOW + seconds * 1_000).toISOString(), NOW)

test('how long until a time is told in one unit', () => {
  expect([-5, 30, 600, 7_200, 400_000].map(inSeconds)).toEqual(['now', 'in 30 s', 'in 10 min', 'in 2 h', 'in 5 d'])
})

test('a time goes into the field and comes back', () => {
  const at = new Date('2030-06-15T12:34:00Z')
  expect(timeOf(fieldOf(at))).toBe(at.toISOString())
})

test('why it started is told in words; a cause that nobody knows stays as it is', () => {
  expect(['backfill', 'now', 'moon'].map((cause) => causeOf({ cause }))).toEqual(['back-filled', 'by hand', 'moon'])
})
