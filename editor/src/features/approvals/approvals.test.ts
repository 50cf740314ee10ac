import { expect, test } from 'vitest'

import { answerOf, asked, filled, isForMe } from './asking'

const FIELDS = [
  { name: 'cost_centre', label: 'Cost centre', type: 'number', required: true },
  { name: 'kind', type: 'select', options: ['new', 'used'] },
  { name: 'insured', label: 'Insured', type: 'checkbox' },
  { name: 'words', label: 'Words', type: 'colour' },
]

test('an approval asks for its fields, and one of a kind that is new is a line of text', () => {
  const fields = asked({ fields: FIELDS })
  expect(fields.map(({ kind }) => kind)).toEqual(['number', 'select', 'checkbox', 'text'])
  expect(fields[0]).toMatchObject({ label: 'Cost centre', isNeeded: true })
  expect(fields[1]).toMatchObject({ label: 'kind', isNeeded: false, options: ['new', 'used'] })
})

test('what is empty is not sent, and a box that is not ticked is a no', () => {
  const fields = asked({ fields: FIELDS })
  expect(filled(fields, { cost_centre: '12', kind: '' })).toEqual({ cost_centre: '12', insured: false })
  expect(filled(fields, { insured: 'true', words: ' ' })).toEqual({ insured: true })
})

test('only what is open, and not for links alone, is for who is signed in', () => {
  const both = { api_key: true, link: true }
  expect(isForMe({ status: 'open', who: both })).toBe(true)
  expect(isForMe({ status: 'answered', who: both })).toBe(false)
  expect(isForMe({ status: 'open', who: { api_key: false, link: true } })).toBe(false)
})

test('an answer is told with who gave it', () => {
  const answer = { answer: 'rejected' as const, fields: {}, comment: null, by: { kind: 'link' }, at: '' }
  expect(answerOf({ status: 'answered', answer })).toBe('rejected by somebody with a link')
  expect(answerOf({ status: 'answered', answer: { ...answer, by: { name: 'Ada' } } })).toBe('rejected by Ada')
  expect(answerOf({ status: 'expired', answer: null })).toBe('expired')
})
