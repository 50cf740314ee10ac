import { expect, test } from 'vitest'

import { edge, graph, node, roles } from '../../tests/build'
import { ancestors, objection } from './rules'
import type { Wish } from './rules'

const GRAPH = graph(
  [
    node('start', { type: 'trigger.manual' }),
    node('a'),
    node('each', { type: 'logic.for_each' }),
    node('in', { parentId: 'each' }),
    node('in2', { parentId: 'each' }),
    node('undo'),
  ],
  [
    edge('start', 'a'),
    edge('a', 'each'),
    edge('in', 'in2'),
    edge('a', 'undo', undefined, { data: { kind: 'compensate' } }),
  ],
)

const CASES: [string, string, Wish['kind'], string | null][] = [
  ['start', 'each', 'flow', null],
  ['a', 'a', 'flow', 'A step cannot lead to itself.'],
  ['a', 'in', 'flow', 'An edge cannot cross the wall of a container.'],
  ['each', 'start', 'flow', 'Nothing leads to a trigger: it starts the execution.'],
  ['start', 'a', 'flow', 'This edge is there already.'],
  ['start', 'a', 'error', 'A trigger does not fail.'],
  ['each', 'a', 'flow', 'Steps cannot go in a circle: use a loop container.'],
  ['in2', 'in', 'error', 'Steps cannot go in a circle: use a loop container.'],
  ['each', 'undo', 'flow', 'That step undoes another one: it has no other edges into it.'],
  ['start', 'gone', 'flow', 'One end of the edge is not there.'],
]

test.each(CASES)('an edge from %s to %s of kind %s: %s', (source, target, kind, why) => {
  expect(objection(GRAPH, { source, target, kind, port: null }, roles)).toBe(why)
})

test('expressions see what is before a step, and before the containers around it', () => {
  expect(ancestors(GRAPH, 'in2')).toEqual(['start', 'a', 'in'])
  expect(ancestors(GRAPH, 'start')).toEqual([])
})
