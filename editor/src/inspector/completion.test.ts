import { expect, test } from 'vitest'

import { completions, writingAt } from './completion'
import { partsOf } from './sample'

const at = (text: string) => {
  const cursor = text.indexOf('|>')
  return writingAt(text.replace('|>', ''), cursor)
}

test.each([
  ['{{ inp|> }}', { from: 3, name: 'inp' }],
  ['{{ |> }}', { from: 3, name: '' }],
  ['a {{ x }} b {{ steps.fetch.bo|>', { from: 15, name: 'steps.fetch.bo' }],
  ['{{ input.items[0].na|> }}', { from: 3, name: 'input.items[0].na' }],
  ['{{ a + input.|> }}', { from: 7, name: 'input.' }],
  ['{{ input["my fi|> }}', null],
  ['{{ "inp|>" }}', null],
  ['{{ input | tr|> }}', null],
  ['{{ input }} inp|>', null],
  ['inp|>', null],
])('%s', (text, writing) => expect(at(text)).toEqual(writing))

const KNOWN = [
  { name: 'input', key: 'input', shown: '', depth: 0 },
  ...partsOf('input', { name: 'Ada', address: { city: 'London' } }),
  { name: 'steps.fetch', key: 'fetch', shown: '', depth: 0 },
  ...partsOf('steps.fetch', { status: 200 }),
]
const names = (name: string) => completions(KNOWN, name).map((sample) => sample.name)

test('the next level is told before those below it', () => {
  expect(names('input.')).toEqual(['input.name', 'input.address', 'input.address.city'])
  expect(names('')[0]).toBe('input')
  expect(names('STEPS.F')).toEqual(['steps.fetch', 'steps.fetch.status'])
  expect(names('input.name')).toEqual([])
  expect(names('nothing')).toEqual([])
})
