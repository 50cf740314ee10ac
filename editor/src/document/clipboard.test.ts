import { expect, test } from 'vitest'

import { edge, graph, node } from '../../tests/build'
import { asText, paste, pasted, pieceOf } from './clipboard'
import { nodeById } from './graph'
import { addNote, newNote } from './notes'

const GRAPH = graph(
  [
    node('each', { type: 'logic.for_each', position: { x: 100, y: 100 } }),
    node('in', { parentId: 'each', position: { x: 30, y: 60 } }),
    node('use', {
      position: { x: 500, y: 100 },
      data: { config: { text: '{{ steps.in.x }} {{ steps.each }} {{ steps.other }}' } },
    }),
  ],
  [edge('each', 'use')],
)

test('what is pasted has names of its own, and its expressions follow them', () => {
  const piece = pasted(asText(pieceOf(GRAPH, new Set(['each', 'use']))))!
  const { graph: after, added } = paste(GRAPH, piece, { x: 0, y: 400 })
  expect(added).toEqual(['each_2', 'use_2'])
  expect(nodeById(after, 'in_2')?.parentId).toBe('each_2')
  expect(nodeById(after, 'use_2')?.data?.config).toEqual({
    text: '{{ steps.in_2.x }} {{ steps.each_2 }} {{ steps.other }}',
  })
  expect(after.edges.at(-1)).toMatchObject({ source: 'each_2', target: 'use_2' })
  expect(nodeById(after, 'each_2')?.position).toEqual({ x: 0, y: 400 })
})

test('a step that is copied out of its container is pasted where it was seen', () => {
  const piece = pasted(asText(pieceOf(GRAPH, new Set(['in']))))!
  expect(piece.nodes).toMatchObject([{ id: 'in', position: { x: 130, y: 160 } }])
  expect(piece.nodes[0]?.parentId).toBeUndefined()
})

test.each(['', 'hello', '[1]', '{"nodes": []}', '{"nodes": [1, {"id": 2}]}'])(
  'the text %j is no part of a workflow',
  (text) => {
    expect(pasted(text)).toBeNull()
  },
)

test('a copy as text has no secrets; the piece itself has', () => {
  const data = { config: { password: 'sesame', url: 'x' } }
  const piece = pieceOf(graph([node('a', { data })]), new Set(['a']))
  expect(pasted(asText(piece))?.nodes[0]?.data).toEqual({ config: { password: '[redacted]', url: 'x' } })
  expect(piece.nodes[0]?.data).toEqual(data)
})

test('a note is copied beside the step that it stands by, without the user of an address in it', () => {
  const noted = addNote(GRAPH, { ...newNote('note', { x: 300, y: 60 }), text: 'https://ada:pw@x.example' })
  const piece = pasted(asText(pieceOf(noted, new Set(['use', 'note/note']))))!
  const { graph: after, added } = paste(noted, piece, { x: 0, y: 0 })
  expect(added).toEqual(['use_2', 'note/note_2'])
  expect(after.notes.map(({ id, text, position }) => [id, text, position.x])).toEqual([
    ['note', 'https://ada:pw@x.example', 184],
    ['note_2', 'https://[redacted]@x.example', 0],
  ])
  expect(nodeById(after, 'use_2')?.position).toEqual({ x: 316, y: 100 })
  expect(pasted(asText(pieceOf(noted, new Set(['note/note']))))?.notes).toHaveLength(1)
})
