import { expect, test } from 'vitest'

import { askFor, inLine } from './preview'

const KNOWN = {
  input: { n: 1 },
  outputs: new Map<string, unknown>([
    ['fetch', { body: 'x' }],
    ['a-b', 7],
    ['large', 'not sent'],
  ]),
}

test.each([
  ['plain text', null],
  ['{% if input.n %}yes{% endif %}', null],
  ['{{ 1 + 1 }}', {}],
  ['Hello {{ steps.fetch.body }} {{ steps["a-b"] }}', { fetch: { body: 'x' }, 'a-b': 7 }],
  ['{{ steps.fetch', { fetch: { body: 'x' } }],
  ['{{ "steps are no item" }}', {}],
  ['{{ input.item }}', {}],
])('of %s the engine is told no more than it reads', (source, steps) => {
  const ask = askFor(source, KNOWN)
  expect(ask && 'steps' in ask ? ask.steps : ask).toEqual(steps)
})

test.each([
  ['{{ steps.none.x ~ steps.fetch.body }}', ['steps.none']],
  ['{{ item.price * index }}', ['item', 'index']],
  ['{{ errors.fetch.reason }}', ['errors']],
])('what nothing is known of is named: %s', (source, names) => {
  expect(askFor(source, KNOWN)).toEqual({ kind: 'missing', names })
})

test('without any data only what reads none is asked for', () => {
  expect(askFor('{{ input.n }}', null)).toEqual({ kind: 'missing', names: ['input'] })
  expect(askFor('{{ 2 * 3 }}', null)).toEqual({ kind: 'ask', source: '{{ 2 * 3 }}', steps: {} })
})

test('a long value is cut', () => {
  expect(inLine('x'.repeat(500))).toHaveLength(201)
  expect(inLine({ a: [1] })).toBe('{"a":[1]}')
})
