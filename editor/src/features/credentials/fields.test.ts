import { expect, test } from 'vitest'

import { connectAddress, credentialFields, fieldValues, hostsOf, pairs } from './fields'

const SMTP = {
  type: 'object',
  properties: {
    host: { type: 'string', title: 'Host' },
    port: { type: 'integer' },
    password: { type: 'string', writeOnly: true },
    tls: { enum: ['required', 'implicit'] },
    headers: { type: 'object', additionalProperties: { type: 'string' } },
  },
  required: ['host'],
}

test('a schema becomes fields: what is secret, what is a choice, what has names of its own', () => {
  const found = credentialFields(SMTP, ['headers']).map(({ name, title, isSecret, isMap, choices }) => [
    name,
    title,
    isSecret,
    isMap,
    choices.length,
  ])
  expect(found).toEqual([
    ['host', 'Host', false, false, 0],
    ['headers', 'headers', true, true, 0],
    ['port', 'port', false, false, 0],
    ['password', 'password', true, false, 0],
    ['tls', 'tls', false, false, 2],
  ])
})

test('only what is written is sent, as what the schema says', () => {
  const fields = credentialFields(SMTP, [])
  const values = fieldValues(fields, { host: 'mail', port: '587', password: ' ', headers: 'X-A: 1:2\n\nX-B:' })
  expect(values).toEqual({ host: 'mail', port: 587, headers: { 'X-A': '1:2', 'X-B': '' } })
})

test('lines are pairs, and hosts are words', () => {
  expect(pairs('a')).toEqual({ a: '' })
  expect(hostsOf('a.example, b.example\na.example')).toEqual(['a.example', 'b.example'])
})

test('an account is connected under a name, for a workspace, with a sender if there is one', () => {
  expect(connectAddress('/connect/gmail', 'acme', 'sales', '')).toBe('/connect/gmail?workspace=acme&name=sales')
  const sender = 'Ada & Co <ada@example.com>'
  const address = new URL(connectAddress('/connect/gmail', '', 'sales', sender), 'http://localhost')
  expect([...address.searchParams]).toEqual([
    ['name', 'sales'],
    ['from', sender],
  ])
})
