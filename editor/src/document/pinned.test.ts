import { expect, test } from 'vitest'

import { graph, node } from '../../tests/build'
import { nodeById } from './graph'
import { pinAll, pinnedIds, pinnedOf, withPinned } from './pinned'

test('pinning and unpinning leaves the rest of a node as it was', () => {
  const data = { label: 'A', config: { x: 1 }, mine: true }
  const pinned = withPinned(data, { output: null, port: 'true' })
  expect(pinned).toEqual({ ...data, pinned: { output: null, port: 'true' } })
  expect(withPinned(pinned, null)).toEqual(data)
})

test.each([[undefined], [null], ['x'], [{ error: {} }]])('%j as pinned is no output', (pinned) => {
  expect(pinnedOf(node('a', { data: { pinned } }))).toBeNull()
})

test('what is pinned at once goes to the nodes that it is named for', () => {
  const before = graph([node('a'), node('b', { data: { label: 'B' } }), node('c')])
  const after = pinAll(
    before,
    new Map([
      ['b', { output: [1] }],
      ['gone', { output: 2 }],
    ]),
  )
  expect(pinnedIds(after)).toEqual(['b'])
  expect(nodeById(after, 'b')?.data).toEqual({ label: 'B', pinned: { output: [1] } })
  expect(after.nodes[0]).toBe(before.nodes[0])
})
