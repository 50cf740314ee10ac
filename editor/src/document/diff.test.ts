import { expect, test } from 'vitest'

import { edge, graph, node, randomness } from '../../tests/build'
import { START, randomCommand } from '../../tests/random'
import { write } from './codec'
import { diff, isSame } from './diff'
import { equal } from './equal'
import type { Graph } from './graph'
import { addNote } from './notes'

const BEFORE = graph(
  [
    node('a', { data: { label: 'Fetch', config: { url: 'x', headers: { a: 1 }, list: [1] } } }),
    node('b', { position: { x: 8, y: 8 } }),
    node('gone'),
  ],
  [edge('a', 'b'), edge('b', 'gone')],
)

test('a difference is told by step and field, and steps that only moved are counted', () => {
  const after = graph(
    [
      node('a', { data: { label: 'Fetch', config: { url: 'y', headers: { a: 1, b: 2 }, list: [1, 2] } } }),
      node('b', { position: { x: 16, y: 8 } }),
      node('new'),
    ],
    [{ ...edge('a', 'b'), target: 'new' }],
  )
  const { differences, moved } = diff(BEFORE, after)
  expect(moved).toBe(1)
  expect(differences.map(({ kind, what, id }) => `${kind} ${what} ${id}`)).toEqual([
    'changed node a',
    'added node new',
    'removed node gone',
    'changed edge a-b',
    'removed edge b-gone',
  ])
  expect(differences[0]?.fields).toEqual([
    { field: 'config.url', before: 'x', after: 'y' },
    { field: 'config.headers.b', before: undefined, after: 2 },
    { field: 'config.list', before: [1], after: [1, 2] },
  ])
  expect(differences.slice(3)).toMatchObject([
    { label: 'Fetch → new', fields: [{ field: 'target', before: 'b', after: 'new' }] },
    { label: 'b → gone' },
  ])
})

test('documents differ exactly if their writing does, but for order, over 1,000 random pairs', () => {
  const sorted = (of: typeof START) => {
    type List = { id: string }[]
    const { nodes, edges, notes = [] } = write(of) as unknown as { nodes: List; edges: List; notes?: List }
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)
    return [nodes, edges, notes].map((list) => [...list].sort(byId))
  }
  for (let seed = 0; seed < 1_000; seed += 1) {
    const below = randomness(seed)
    const before = randomCommand(randomCommand(START, below), below)
    const after = randomCommand(randomCommand(before, below), below)
    expect(isSame(diff(before, after)), `seed ${seed}`).toBe(equal(sorted(before), sorted(after)))
  }
})

test('notes are told apart from what runs', () => {
  const note = (text: string, x: number) => ({ id: 'n', text, position: { x, y: 0 } })
  const [before, after] = [graph([node('a')]), graph([node('a')])].map((of, at) =>
    addNote(addNote(of, note(at === 0 ? 'Why\nlong' : 'How', 0)), { ...note('Stays', at * 8), id: 'm' }),
  ) as [Graph, Graph]
  const found = diff(before, after)
  expect([found.differences, found.moved, found.movedNotes]).toEqual([[], 0, 1])
  expect(found.notes).toEqual([
    {
      kind: 'changed',
      what: 'note',
      id: 'n',
      label: 'How',
      fields: [{ field: 'text', before: 'Why\nlong', after: 'How' }],
    },
  ])
  expect(diff(before, graph([node('a')])).notes.map(({ kind, label }) => [kind, label])).toEqual([
    ['removed', 'Why'],
    ['removed', 'Stays'],
  ])
})
