import { expect, test } from 'vitest'

import { edge, graph, kinds, node } from '../../tests/build'
import { nodeType } from '../../tests/answers'
import { Catalogue } from '../app/catalogue'
import { move, updateNode } from '../document/commands'
import { Adapter } from './adapter'

const COUNT = 500
const LARGE = graph(
  Array.from({ length: COUNT }, (_, at) =>
    node(`n${at}`, { position: { x: (at % 25) * 240, y: Math.floor(at / 25) * 120 } }),
  ),
  Array.from({ length: COUNT - 1 }, (_, at) => edge(`n${at}`, `n${at + 1}`)),
)
const NONE = new Set<string>()
const adapterOf = () => new Adapter(new Catalogue([nodeType('debug.noop')]))

/** Which of the second list are not the same objects as in the first. */
function changed<T extends { id: string }>(before: readonly T[], after: readonly T[]): string[] {
  return after.filter((item, at) => item !== before[at]).map(({ id }) => id)
}

test('while one of 500 nodes is dragged, that node is drawn anew and no other, and no edge', () => {
  const adapter = adapterOf()
  const nodes = adapter.toNodes(LARGE, kinds, NONE, new Map())
  const edges = adapter.toEdges(LARGE, kinds, NONE)
  const dragged = new Map([['n77', { x: 5, y: 5 }]])
  expect(changed(nodes, adapter.toNodes(LARGE, kinds, NONE, dragged))).toEqual(['n77'])
  expect(changed(edges, adapter.toEdges(LARGE, kinds, NONE))).toEqual([])
  const dropped = move(LARGE, dragged)
  expect(changed(nodes, adapter.toNodes(dropped, kinds, NONE, new Map()))).toEqual(['n77'])
  expect(changed(edges, adapter.toEdges(dropped, kinds, NONE))).toEqual([])
})

test('what is selected or renamed is drawn anew, and its data only where they changed', () => {
  const adapter = adapterOf()
  const nodes = adapter.toNodes(LARGE, kinds, NONE, new Map())
  const selected = adapter.toNodes(LARGE, kinds, new Set(['n3']), new Map())
  expect(changed(nodes, selected)).toEqual(['n3'])
  expect(selected[3]?.data).toBe(nodes[3]?.data)
  const renamed = updateNode(LARGE, 'n3', (data) => ({ ...data, label: 'Another' }))
  const after = adapter.toNodes(renamed, kinds, new Set(['n3']), new Map())
  expect(changed(selected, after)).toEqual(['n3'])
  expect(after[3]?.data.label).toBe('Another')
})
