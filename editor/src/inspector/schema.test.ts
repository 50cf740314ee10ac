import { expect, test } from 'vitest'

import { meant, written } from './json-input'
import { POLICY } from './policy'
import { fieldsOf, firstConfig, firstItem, kindOf, resolved } from './schema'
import type { Json } from './schema'

/** As the server makes them from Rust types. */
const SCHEMA: Json = {
  type: 'object',
  required: ['title', 'fields'],
  $defs: {
    Scalar: { anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }], description: 'A scalar.' },
    OneOrMany: { anyOf: [{ $ref: '#/$defs/Scalar' }, { type: 'array', items: { $ref: '#/$defs/Scalar' } }] },
    Method: {
      oneOf: [
        { const: 'GET', description: 'Reads.' },
        { const: 'POST', description: 'Makes.' },
      ],
    },
    Field: { type: 'object', required: ['name'], properties: { name: { type: 'string' }, on: { type: 'boolean' } } },
  },
  properties: {
    note: { type: ['string', 'null'] },
    title: { $ref: '#/$defs/Scalar', description: 'What it is called.' },
    to: { $ref: '#/$defs/OneOrMany' },
    text: { anyOf: [{ $ref: '#/$defs/Scalar' }, { type: 'null' }] },
    method: { $ref: '#/$defs/Method' },
    bytes: { type: ['integer', 'null'], maximum: 9 },
    fields: { type: 'array', items: { $ref: '#/$defs/Field' } },
    headers: { type: 'object', additionalProperties: { $ref: '#/$defs/Scalar' } },
    body: { description: 'Anything.' },
    who: { type: 'object', properties: { link: { type: 'boolean', default: true } } },
  },
}

const KINDS = [
  ['note', 'text'],
  ['title', 'text'],
  ['to', 'text'],
  ['text', 'text'],
  ['method', 'choice'],
  ['bytes', 'number'],
  ['fields', 'list'],
  ['headers', 'map'],
  ['body', 'value'],
  ['who', 'object'],
] as const

test.each(KINDS)('%s is a field of kind %s', (name, kind) => {
  const field = fieldsOf(SCHEMA, SCHEMA).find((found) => found.name === name)
  expect(kindOf(field?.schema ?? {}, SCHEMA).kind).toBe(kind)
})

test('fields come in the order in which the server asks for them, then what one looks for most', () => {
  const named = (name: string) => [name, { type: 'string' }] as const
  const mail = ['attachments', 'headers', 'subject', 'text', 'to', 'type'].map(named)
  const schema = { type: 'object', required: ['to', 'subject', 'text'], properties: Object.fromEntries(mail) }
  const order = fieldsOf(schema, schema).map(({ name }) => name)
  expect(order).toEqual(['to', 'subject', 'text', 'type', 'headers', 'attachments'])
})

test('what has to be said comes first, and what stands beside a reference counts more than what it leads to', () => {
  const [first] = fieldsOf(SCHEMA, SCHEMA)
  expect(first).toMatchObject({ name: 'title', isRequired: true, description: 'What it is called.' })
  expect(resolved({ $ref: '#/$defs/Method' }, SCHEMA)['oneOf']).toHaveLength(2)
})

test('a new node has what it needs to be filled in, and no more', () => {
  expect(firstConfig(SCHEMA)).toEqual({ fields: [] })
  expect(firstItem(resolved({ $ref: '#/$defs/Field' }, SCHEMA), SCHEMA)).toEqual({ name: '' })
})

test('each part of a policy has a field of a form', () => {
  const kinds = fieldsOf(POLICY, POLICY).map((field) => [field.name, kindOf(field.schema, POLICY).kind])
  expect(Object.fromEntries(kinds)).toEqual({
    timeout_ms: 'number',
    retry: 'object',
    on_error: 'choice',
    join: 'choice',
    n: 'number',
    cancel_others: 'boolean',
    at_most_once: 'boolean',
    finally: 'boolean',
  })
})

test.each([
  ['text'],
  ['5'],
  ['{{ input.x }}'],
  ['true'],
  [5],
  [true],
  [null],
  [{ a: [1] }],
  [[]],
  ['{"a": 1}'],
  ['"quoted"'],
])('the value %j is written and meant the same', (value) => expect(meant(written(value))).toEqual(value))
