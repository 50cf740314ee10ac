import { expect, test } from 'vitest'

import { graph, node } from '../../tests/build'
import { colorOf, counted, fittingSize, newNote, noteAt, noteKey, noteName, noteSize, addNote } from './notes'

test('a note is found by its key, and a step of the same name is none', () => {
  const of = addNote(graph([node('note')]), newNote('note', { x: 0, y: 0 }))
  expect(noteAt(of, noteKey('note'))).toBe(of.notes[0])
  expect(noteAt(of, 'note')).toBeUndefined()
})

test('what a note says wrongly of its looks does no harm', () => {
  const note = { id: 'n', text: '', position: { x: 0, y: 0 } }
  expect(noteSize(note)).toEqual({ width: 240, height: 120 })
  expect(noteSize({ ...note, size: { width: 1e9, height: -1 } })).toEqual({ width: 4_000, height: 56 })
  expect(noteSize({ ...note, size: null as unknown as { width: number; height: number } })).toEqual(
    fittingSize(noteSize(note)),
  )
  expect([colorOf(note), colorOf({ ...note, color: 'mauve' }), colorOf({ ...note, color: 'red' })]).toEqual([
    'yellow',
    'yellow',
    'red',
  ])
})

test.each([
  ['  First\nsecond', 'First'],
  ['\n', 'Empty note'],
  ['x'.repeat(50), `${'x'.repeat(40)}…`],
])('%j is called %j', (text, name) => {
  expect(noteName({ id: 'n', text, position: { x: 0, y: 0 } })).toBe(name)
})

test.each([
  [['a', 'note/n', 'b'], '2 steps and a note'],
  [['note/n', 'note/m'], '2 notes'],
  [['a'], 'a step'],
])('%j is %s', (keys, words) => {
  expect(counted(keys)).toBe(words)
})
