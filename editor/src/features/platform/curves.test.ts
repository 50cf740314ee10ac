import { expect, test } from 'vitest'

import { bytes, pathOf, rangeOf } from './curves'

test('a line goes through what there is, and is broken where there is nothing', () => {
  expect(pathOf([0, 2, 4], 20, 10)).toBe('M0.0 10.0L10.0 5.0L20.0 0.0')
  expect(pathOf([4, null, 2, 2], 30, 10)).toBe('M0.0 0.0h.1M20.0 5.0L30.0 5.0')
  expect(pathOf([3], 30, 10)).toBe('M0.0 0.0h.1')
  expect(pathOf([], 30, 10)).toBe('')
  expect(pathOf([0, 0], 10, 10)).toBe('M0.0 10.0L10.0 10.0')
})

test('sizes and ranges are said in words, and what nobody offers is a day', () => {
  expect([0, 999, 1_500, 15_326_567].map(bytes)).toEqual(['0 B', '999 B', '1.5 KB', '15.3 MB'])
  expect(['1', '168', '7', ''].map(rangeOf)).toEqual([1, 168, 24, 24])
})
