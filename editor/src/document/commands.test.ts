import { expect, test } from 'vitest'

import { edge, graph, kinds, node } from '../../tests/build'
import * as commands from './commands'
import { fitted, placeOf } from './geometry'
import { childrenOf, nodeById } from './graph'

test('a deleted step in a chain leaves a chain', () => {
  const chain = graph([node('a'), node('b'), node('c')], [edge('a', 'b', 'true'), edge('b', 'c')])
  const { edges } = commands.removeAndBridge(chain, 'b')
  expect(edges).toEqual([{ id: 'a-b', source: 'a', sourceHandle: 'true', target: 'c' }])
})

test('a deleted container takes along what is in it, and the edges there', () => {
  const nested = graph(
    [
      node('each', { type: 'logic.for_each' }),
      node('in', { parentId: 'each' }),
      node('in2', { parentId: 'each' }),
      node('out'),
    ],
    [edge('in', 'in2'), edge('each', 'out')],
  )
  const rest = commands.remove(nested, ['each'], [])
  expect(rest.nodes.map((found) => found.id)).toEqual(['out'])
  expect(rest.edges).toEqual([])
})

test('a step put into an edge leads on to where the edge led', () => {
  const chain = graph([node('a'), node('b')], [edge('a', 'b', undefined, { data: { when: 'x' } })])
  const { edges } = commands.insertOnEdge(chain, 'a-b', node('new'), 'true')
  expect(edges.map(({ source, target, sourceHandle, data }) => [source, target, sourceHandle, data?.when])).toEqual([
    ['a', 'new', undefined, 'x'],
    ['new', 'b', 'true', undefined],
  ])
})

test('a renamed step keeps its name in edges, containers and expressions, and only there', () => {
  const before = graph(
    [
      node('fetch', { type: 'logic.for_each' }),
      node('in', { parentId: 'fetch' }),
      node('use', {
        data: { config: { text: 'fetch {{ steps.fetch.body }} {{ errors.fetch }} {{ steps.fetch_2 }}' } },
      }),
    ],
    [edge('fetch', 'use', undefined, { data: { when: 'steps.fetch.status == 200' } })],
  )
  const after = commands.renameNode(before, 'fetch', 'get')
  expect(nodeById(after, 'in')?.parentId).toBe('get')
  expect(nodeById(after, 'use')?.data?.config).toEqual({
    text: 'fetch {{ steps.get.body }} {{ errors.get }} {{ steps.fetch_2 }}',
  })
  expect(after.edges[0]).toMatchObject({ source: 'get', data: { when: 'steps.get.status == 200' } })
})

test('a step that goes into a container stays where it is seen, and its edges across the wall go', () => {
  const before = graph(
    [
      node('each', { type: 'logic.for_each', position: { x: 400, y: 200 } }),
      node('a', { position: { x: 500, y: 260 } }),
      node('b'),
    ],
    [edge('b', 'a')],
  )
  const after = commands.reparent(before, new Set(['a']), 'each', { x: -400, y: -200 })
  expect(childrenOf(after, 'each').map((found) => found.id)).toEqual(['a'])
  expect(placeOf(after, nodeById(after, 'a')!)).toEqual({ x: 500, y: 260 })
  expect(after.edges).toEqual([])
})

test('a container grows to the left and upwards, and what is in it stays where it is seen', () => {
  const before = graph([
    node('each', { type: 'logic.for_each', position: { x: 100, y: 100 } }),
    node('a', { parentId: 'each', position: { x: -50, y: -20 } }),
    node('b', { parentId: 'each', position: { x: 200, y: 60 } }),
  ])
  const after = fitted(before, kinds)
  for (const id of ['a', 'b'])
    expect(placeOf(after, nodeById(after, id)!)).toEqual(placeOf(before, nodeById(before, id)!))
  expect(nodeById(after, 'a')!.position.x).toBeGreaterThan(0)
})

test('a deleted step is not bridged where an edge is there already', () => {
  const triangle = graph([node('a'), node('b'), node('c')], [edge('a', 'b'), edge('b', 'c'), edge('a', 'c')])
  expect(commands.removeAndBridge(triangle, 'b').edges.map(({ id }) => id)).toEqual(['a-c'])
})
