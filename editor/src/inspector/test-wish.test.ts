import { expect, test } from 'vitest'

import { ApiError } from '../api/client'
import { givenOf, missingOf } from './test-wish'

test('only what was given is asked with; null is given, nothing is not', () => {
  const steps = { a: null, b: undefined, c: { x: 1 } }
  expect(givenOf({ source: '', input: undefined, item: undefined, steps: { b: undefined } })).toEqual({})
  expect(givenOf({ source: 'e1', input: null, item: 3, steps })).toEqual({
    of_execution: 'e1',
    input: null,
    item: 3,
    steps: { a: { output: null }, c: { output: { x: 1 } } },
  })
})

test('a refusal for lack of data names each step once; others name none', () => {
  const found = (pointer: string) => ({ code: 'missing_input', pointer, detail: '', hint: '' })
  const errors = ['/steps/fetch', '/steps/fetch', '/steps/a-b', '/input'].map(found)
  expect(missingOf(new ApiError(422, 'missing_input', '', '', errors))).toEqual(['fetch', 'a-b'])
  expect(missingOf(new ApiError(422, 'invalid_graph', '', '', errors))).toEqual([])
})
