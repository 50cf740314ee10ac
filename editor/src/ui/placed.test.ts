import { expect, test } from 'vitest'

import { ApiError } from '../api/client'
import { placed } from './placed'

const CODES = { slug: ['slug_taken'], fields: [], 'fields/token': [] }
const finding = (pointer: string, detail = 'it is wrong') => ({ code: 'bad_field', pointer, detail, hint: '' })

test('a code that can only be about one field is told there', () => {
  const { at, rest } = placed(new ApiError(409, 'slug_taken', 'acme is taken', 'choose another one'), CODES)
  expect([...at]).toEqual([['slug', 'Acme is taken. Choose another one.']])
  expect(rest).toBeNull()
})

test('findings go to the nearest field that their pointer names, others are told for all', () => {
  const errors = [
    finding('/fields/token', 'too short'),
    finding('/fields/other'),
    finding('/unknown'),
    finding('/slugs'),
  ]
  const { at, rest } = placed(new ApiError(422, 'bad_credential', 'no good', '', errors), CODES)
  expect([...at]).toEqual([
    ['fields/token', 'Too short.'],
    ['fields', 'It is wrong.'],
  ])
  expect(rest?.errors.map(({ pointer }) => pointer)).toEqual(['/unknown', '/slugs'])
})

test('what is about no field stays whole, and nothing stays nothing', () => {
  const error = new ApiError(503, 'no_mail', 'there is no mail', 'set one up', [], 'r1')
  expect(placed(error, CODES)).toMatchObject({ at: new Map(), rest: { code: 'no_mail', requestId: 'r1' } })
  expect(placed(null, CODES).rest).toBeNull()
})
