import { expect, test } from 'vitest'

import { edge, graph, node, randomness } from '../../tests/build'
import { START, randomCommand } from '../../tests/random'
import { write } from './codec'
import * as commands from './commands'
import { nodeById } from './graph'
import type { Graph } from './graph'
import { merge } from './merge'
import { addNote, newNote, updateNote } from './notes'

const SEEDS = 1_000
const WITH_CONTAINER = graph(
  [
    ...START.nodes,
    node('each', { type: 'logic.for_each' }),
    node('in', { parentId: 'each' }),
    node('in_2', { parentId: 'each' }),
  ],
  [...START.edges, edge('b', 'each'), edge('in', 'in_2')],
)

/** What someone made of a document. */
function edited(from: Graph, seed: number): Graph {
  const below = randomness(seed)
  let present = from
  for (let step = 0; step < 6; step += 1) present = randomCommand(present, below)
  return present
}

const label = (of: Graph, id: string, words: string) =>
  commands.updateNode(of, id, (data) => ({ ...data, label: words }))
const set = (of: Graph, id: string, config: Record<string, unknown>) =>
  commands.updateNode(of, id, (data) => ({ ...data, config: { ...data.config, ...config } }))

test('where only one changed something, that is what comes out, over 1,000 random pairs', () => {
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const base = edited(START, seed)
    const other = edited(base, seed + 7_919)
    for (const { graph: merged, conflicts } of [
      merge(base, base, other),
      merge(base, other, base),
      merge(base, other, other),
    ]) {
      expect(write(merged)).toEqual(write(other))
      expect(conflicts).toEqual([])
    }
  }
})

test('no new step is lost, and no edge or step is left in the air, over 1,000 random pairs', () => {
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const base = edited(WITH_CONTAINER, seed)
    const [mine, theirs] = [edited(base, seed + 101), edited(base, seed + 50_021)]
    const { graph: merged } = merge(base, mine, theirs)
    const ids = new Set(merged.nodes.map(({ id }) => id))
    expect(ids.size).toBe(merged.nodes.length)
    expect(merged.edges.filter(({ source, target }) => !ids.has(source) || !ids.has(target))).toEqual([])
    expect(merged.nodes.filter(({ parentId }) => parentId !== undefined && !ids.has(parentId))).toEqual([])
    const fresh = (of: Graph) => of.nodes.filter(({ id }) => !nodeById(base, id))
    const twins = fresh(mine).filter(({ id }) => nodeById(theirs, id))
    expect(merged.nodes.length).toBeGreaterThanOrEqual(fresh(mine).length + fresh(theirs).length - twins.length)
    for (const { id } of [...fresh(mine), ...fresh(theirs)]) expect(ids).toContain(id)
  }
})

test('either side can be had whole in what both changed', () => {
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const base = edited(START, seed)
    const [mine, theirs] = [edited(base, seed + 13), edited(base, seed + 90_001)]
    const { conflicts } = merge(base, mine, theirs)
    const { conflicts: decided } = merge(base, mine, theirs, new Map(conflicts.map(({ key }) => [key, 'theirs'])))
    const asked = new Set(conflicts.map(({ key }) => key))
    expect(decided.filter(({ key, taken }) => asked.has(key) && taken !== 'theirs')).toEqual([])
  }
})

test('different fields of one step come together; of the same field, one is asked for', () => {
  const base = set(START, 'a', { url: 'x', method: 'GET' })
  const mine = label(set(base, 'a', { url: 'mine' }), 'b', 'B')
  const theirs = set(base, 'a', { url: 'theirs', method: 'POST' })
  const { graph: merged, conflicts } = merge(base, mine, theirs)
  expect(nodeById(merged, 'a')?.data?.config).toEqual({ url: 'mine', method: 'POST' })
  expect(nodeById(merged, 'b')?.data?.label).toBe('B')
  expect(conflicts).toEqual([
    {
      key: 'node/a/data/config/url',
      what: 'node',
      id: 'a',
      field: 'data.config.url',
      mine: 'mine',
      theirs: 'theirs',
      taken: 'mine',
    },
  ])
  const picked = merge(base, mine, theirs, new Map([['node/a/data/config/url', 'theirs']]))
  expect(nodeById(picked.graph, 'a')?.data?.config).toEqual({ url: 'theirs', method: 'POST' })
})

test('a step that one removed and the other changed stays, unless one says otherwise', () => {
  const mine = commands.remove(START, ['b'], [])
  const theirs = label(START, 'b', 'Needed')
  const { graph: merged, conflicts } = merge(START, mine, theirs)
  expect(nodeById(merged, 'b')?.data?.label).toBe('Needed')
  expect(conflicts).toMatchObject([{ key: 'node/b', field: '', mine: undefined, taken: 'theirs' }])
  const removed = merge(START, mine, theirs, new Map([['node/b', 'mine']]))
  expect(write(removed.graph)).toEqual(write(mine))
})

test('a step that one removed and the other leads an edge to stays, unless one says otherwise', () => {
  const mine = commands.remove(START, ['b'], [])
  const more = commands.addNode(START, node('c'))
  const theirs = commands.addEdge(more, { source: 'c', target: 'b', port: null, kind: 'flow' })
  const { graph: merged, conflicts } = merge(START, mine, theirs)
  expect(merged.edges.map(({ id }) => id)).toEqual(['start-a', 'c-b'])
  expect(conflicts).toMatchObject([{ key: 'node/b', taken: 'theirs' }])
  const removed = merge(START, mine, theirs, new Map([['node/b', 'mine']])).graph
  expect(removed.nodes.map(({ id }) => id)).toEqual(['start', 'a', 'c'])
  expect(removed.edges.map(({ id }) => id)).toEqual(['start-a'])
})

test('a container that one removed stays with what the other put into it', () => {
  const mine = commands.remove(WITH_CONTAINER, ['each'], [])
  const theirs = commands.addNode(WITH_CONTAINER, node('new', { parentId: 'each' }))
  const { graph: merged, conflicts } = merge(WITH_CONTAINER, mine, theirs)
  expect(merged.nodes.map(({ id }) => id)).toEqual(['start', 'a', 'b', 'new', 'each'])
  expect(conflicts.map(({ key }) => key)).toEqual(['node/each'])
  const removed = merge(WITH_CONTAINER, mine, theirs, new Map([['node/each', 'mine']])).graph
  expect(write(removed)).toEqual(write(mine))
})

test('two new steps of the same name are two steps, and expressions follow theirs', () => {
  const mine = graph(
    [
      ...START.nodes,
      node('log', { data: { label: 'Mine' } }),
      node('use', { data: { config: { x: '{{ steps.log }}' } } }),
    ],
    [...START.edges, edge('log', 'use')],
  )
  const theirs = graph([...START.nodes, node('log', { data: { label: 'Theirs' } })], [...START.edges])
  const { graph: merged, conflicts } = merge(START, mine, theirs)
  expect(conflicts).toEqual([])
  expect(nodeById(merged, 'log')?.data?.label).toBe('Theirs')
  expect(nodeById(merged, 'log_2')?.data?.label).toBe('Mine')
  expect(nodeById(merged, 'use')?.data?.config).toEqual({ x: '{{ steps.log_2 }}' })
  expect(merged.edges.at(-1)).toMatchObject({ source: 'log_2', target: 'use' })
})

test('who drew a step where is no question', () => {
  const at = (x: number) => commands.move(START, new Map([['a', { x, y: 0 }]]))
  const { graph: merged, conflicts } = merge(START, at(8), at(16))
  expect([nodeById(merged, 'a')?.position.x, conflicts.length]).toEqual([8, 0])
})

test('two new notes of the same name are two, and where both wrote into one it is asked', () => {
  const written = (of: Graph, id: string, text: string) => updateNote(of, id, (note) => ({ ...note, text }))
  const base = addNote(START, newNote('old', { x: 0, y: 0 }))
  const mine = addNote(written(base, 'old', 'Mine'), { ...newNote('note', { x: 0, y: 0 }), text: 'A' })
  const theirs = addNote(written(base, 'old', 'Theirs'), { ...newNote('note', { x: 0, y: 0 }), text: 'B' })
  const { graph: merged, conflicts } = merge(base, mine, theirs)
  expect(merged.notes.map(({ id, text }) => [id, text])).toEqual([
    ['old', 'Mine'],
    ['note', 'B'],
    ['note_2', 'A'],
  ])
  expect(conflicts).toMatchObject([{ key: 'note/old/text', what: 'note', mine: 'Mine', theirs: 'Theirs' }])
  const other = merge(base, mine, theirs, new Map([['note/old/text', 'theirs']])).graph
  expect(other.notes[0]?.text).toBe('Theirs')
})

test('a note that one removed and the other wrote into stays unless one says otherwise, and its size is no question', () => {
  const base = addNote(START, newNote('n', { x: 0, y: 0 }))
  const wide = (of: Graph, width: number) => updateNote(of, 'n', (note) => ({ ...note, size: { width, height: 80 } }))
  const { graph: merged, conflicts } = merge(base, wide(base, 160), wide(base, 320))
  expect([merged.notes[0]?.size?.width, conflicts]).toEqual([160, []])
  const without = commands.remove(base, ['note/n'], [])
  const written = updateNote(base, 'n', (note) => ({ ...note, text: 'New' }))
  expect(merge(base, without, written).graph.notes).toHaveLength(1)
  expect(merge(base, without, written, new Map([['note/n', 'mine']])).graph.notes).toEqual([])
})
