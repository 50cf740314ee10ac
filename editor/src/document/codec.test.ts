import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

import { read, write } from './codec'
import { remove } from './commands'

const EXAMPLES = new URL('../../../examples/', import.meta.url)

test('every example is written as it was read', () => {
  const names = readdirSync(EXAMPLES, { recursive: true }).map(String)
  const files = names.filter((name) => name.endsWith('.json') && !name.endsWith('.tests.json'))
  expect(files.length).toBeGreaterThan(50)
  for (const name of files) {
    const file = JSON.parse(readFileSync(new URL(name, EXAMPLES), 'utf8')) as Record<string, unknown>
    const document = (file['graph'] ?? file) as Record<string, unknown>
    expect(document['nodes'], name).toBeInstanceOf(Array)
    expect(write(read(document)), name).toEqual(document)
  }
})

test('what nobody knows survives', () => {
  const document = {
    viewport: { zoom: 2 },
    nodes: [
      {
        id: 'a',
        type: 'of.tomorrow',
        position: { x: 1, y: 2 },
        tint: 'red',
        data: { config: { deep: [1, { x: null }] }, note: 'n' },
      },
      7,
      { id: 'b', position: 'nowhere' },
      { id: 'a', type: 'again', position: { x: 0, y: 0 } },
    ],
    edges: [{ id: 'e', source: 'a', target: 'gone', data: { kind: 'flow', colour: 3 } }, 'odd'],
  }
  const graph = read(document)
  expect(graph.nodes.map((node) => node.id)).toEqual(['a'])
  expect(write(graph)).toEqual(document)
})

test('a document that is no graph stays what it is', () => {
  expect(write(read({ anything: 1 }))).toEqual({ nodes: [], edges: [], anything: 1 })
  expect(write(read({ nodes: 'none', edges: [] }))).toEqual({ nodes: 'none', edges: [] })
})

test('notes are written as they were read, and what is none stays in its place', () => {
  const nothing = { nodes: [], edges: [] }
  const good = {
    id: 'n',
    text: '<b>',
    position: { x: 1, y: 2 },
    size: { width: 99, height: 1 },
    color: 'mauve',
    more: [1],
  }
  const odd = [7, good, { id: 'n', text: 'again', position: { x: 0, y: 0 } }, { id: 'm', position: { x: 0, y: 0 } }]
  for (const notes of [[good], odd, [], 'none', null]) {
    expect(write(read({ ...nothing, notes }))).toEqual({ ...nothing, notes })
  }
  expect(read({ ...nothing, notes: odd }).notes).toEqual([good])
  const emptied = remove(read({ ...nothing, notes: [good] }), ['note/n'], [])
  expect(write(emptied)).toEqual(nothing)
})
