import { expect, test } from 'vitest'

import { graph, node } from '../../tests/build'
import { redacted, withoutSecrets } from './secrets'

test.each([
  [
    { headers: { Authorization: 'Bearer x', Accept: '*/*' } },
    { headers: { Authorization: '[redacted]', Accept: '*/*' } },
  ],
  [
    [
      { name: 'X-Api-Key', value: 'x' },
      { name: 'a', value: 'x' },
    ],
    [
      { name: 'X-Api-Key', value: '[redacted]' },
      { name: 'a', value: 'x' },
    ],
  ],
  [{ client_secret: { old: 7, is_set: true } }, { client_secret: { old: '[redacted]', is_set: true } }],
  [{ url: 'https://ada:pw@example.com/a@b' }, { url: 'https://[redacted]@example.com/a@b' }],
  [{ password: 'opensesame{{ input.x }}' }, { password: '[redacted]' }],
])('of %j goes along %j', (value, shown) => expect(redacted(value)).toEqual(shown))

test.each([
  { mail: 'ada@example.com', url: 'https://example.com/@a' },
  { token: null, password: '', secret: false },
  { authorization: 'Bearer {{ input.token }}' },
  7,
])('%j is no secret', (value) => expect(redacted(value)).toEqual(value))

test('pinned data stay where they are, and the rest of a node goes along', () => {
  const data = { label: 'A', config: { token: 'x', url: 'y' }, pinned: { output: { name: 'Ada' } } }
  const shown = withoutSecrets(graph([node('a', { data }), node('b')]))
  expect(shown.nodes[0]?.data).toEqual({ label: 'A', config: { token: '[redacted]', url: 'y' } })
  expect(shown.nodes[1]).toEqual(node('b'))
})
