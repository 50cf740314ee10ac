import { expect, test } from 'vitest'

import { countOf, placeOf, shown } from './words'

test('a value is told in a line, and what is not there as nothing', () => {
  expect([null, '', 'new', 5, false, ['a', 'b']].map(shown)).toEqual([
    'nothing',
    'an empty text',
    'new',
    '5',
    'false',
    '["a","b"]',
  ])
})

test('a place is read from the outside in', () => {
  expect(placeOf('/slots_max')).toBe('slots_max')
  expect(placeOf('/fields/a~1b~0c')).toBe('fields › a/b~c')
})

test('members are counted, and those that had no room are not forgotten', () => {
  const change = { path: '/a', before: 1, after: 2 }
  expect(countOf([change])).toBe('1 value')
  expect(countOf([change, change])).toBe('2 values')
  expect(countOf([change, { path: '', before: null, after: '[7 more]' }])).toBe('1 value and more')
})
