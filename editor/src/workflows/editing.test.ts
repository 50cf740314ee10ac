import { expect, test } from 'vitest'

import { nodeType } from '../../tests/answers'
import { edge, node } from '../../tests/build'
import type { Workflow } from '../api/types'
import { Catalogue } from '../app/catalogue'
import { NOTES_MAX } from '../document/notes'
import { Draft } from '../draft/draft'
import { Editing } from './editing'
import { pageKey } from './keys'

const SECRET = { config: { password: 'sesame' }, pinned: { output: 1 } }

/** Someone who edits two steps, of which one holds a secret; nothing is saved. */
function editing(isReadOnly = false): Editing {
  globalThis.localStorage ??= { getItem: () => null, setItem: () => {}, removeItem: () => {} } as unknown as Storage
  const graph = { nodes: [node('a', { data: SECRET }), node('b')], edges: [edge('a', 'b')] }
  const stored: Workflow = {
    id: 'w',
    name: 'W',
    revision: 1,
    published: null,
    graph,
    ports: {},
    created_at: '',
    updated_at: '',
  }
  const never = new Promise<never>(() => {})
  const draft = new Draft(stored, { isReadOnly, save: () => never, read: () => never })
  draft.close()
  return new Editing(draft, new Catalogue([nodeType('debug.noop')]), isReadOnly)
}

const dataOf = (of: Editing, id: string) => of.graph.nodes.find((found) => found.id === id)?.data

test('what is copied and pasted in one tab keeps its secrets, and what goes elsewhere does not', () => {
  const here = editing()
  here.choose('a')
  const text = here.copy() ?? ''
  expect(text).not.toContain('sesame')
  here.paste(text)
  expect(dataOf(here, 'a_2')).toEqual(SECRET)
  const there = editing()
  there.paste(text)
  expect(dataOf(there, 'a_2')).toEqual({ config: { password: '[redacted]' } })
  here.choose('a')
  here.duplicate()
  expect(dataOf(here, 'a_3')).toEqual(SECRET)
})

test('pinning is one step that is undone, and says what it did', () => {
  const one = editing()
  one.pin('b', { output: { x: 1 } })
  expect(one.get().heard).toBe('b is pinned')
  expect(dataOf(one, 'b')).toEqual({ pinned: { output: { x: 1 } } })
  one.choose('b')
  one.flipPin()
  expect(dataOf(one, 'b')).toEqual({})
  one.undo()
  expect(one.get().heard).toBe('Undone: Unpin b')
  expect(dataOf(one, 'b')).toEqual({ pinned: { output: { x: 1 } } })
})

test('a step that was tested is pinned by its key, and one that was not is refused', () => {
  const one = editing()
  one.choose('b')
  one.flipPin()
  expect(dataOf(one, 'b')).toBeUndefined()
  one.showTested('b', { status: 'completed', output: 7, port: 'out', execution_id: 'e', trial: true, logs: [] })
  one.flipPin()
  expect(dataOf(one, 'b')).toEqual({ pinned: { output: 7, port: 'out' } })
})

test('who only looks changes nothing', () => {
  const one = editing(true)
  const before = one.graph
  one.choose('a')
  one.pin('a', null)
  one.pinAll(new Map([['b', { output: 1 }]]))
  one.duplicate()
  one.remove()
  expect(one.graph).toBe(before)
})

test('another step is looked at by its settings first', () => {
  const one = editing()
  one.choose('a')
  one.set({ tab: 'test' })
  one.choose('a')
  expect(one.get().tab).toBe('test')
  one.choose('b')
  expect(one.get().tab).toBe('config')
})

test('a note is added, written, moved, painted and deleted, and each of it is one step that is undone', () => {
  const one = editing()
  const first = one.graph
  one.notes.add({ x: 200, y: 100 })
  expect([one.chosen, one.chosenStep, one.notes.writing.get().id]).toEqual(['note/note', null, 'note'])
  for (const text of ['W', 'Wh', 'Why']) one.notes.write('note', text)
  one.notes.finish()
  one.nudge(8, 0)
  one.notes.resize('note', { width: 301, height: 1 })
  one.notes.paint('note', 'blue')
  expect(one.graph.notes).toEqual([
    { id: 'note', text: 'Why', position: { x: 88, y: 40 }, size: { width: 304, height: 56 }, color: 'blue' },
  ])
  expect(one.graph.nodes).toEqual(first.nodes)
  one.remove()
  expect(one.get().heard).toBe('Deleted the note “Why”')
  const labels = one.draft.get().history.past.map(({ label }) => label)
  expect(labels).toEqual([
    'Add a note',
    'Write a note',
    'Move the note “Why”',
    'Resize a note',
    'Colour a note',
    'Delete the note “Why”',
  ])
  for (const _label of labels) one.undo()
  expect(one.graph).toEqual(first)
})

test('notes are copied with steps, taken by a drag of both, and left alone by tidying up', () => {
  const one = editing()
  one.notes.add({ x: 0, y: 0 })
  one.notes.finish()
  one.selectAll()
  one.move(
    new Map([
      ['a', { x: 80, y: 80 }],
      ['note/note', { x: 16, y: 16 }],
    ]),
  )
  expect(one.draft.get().history.past.at(-1)?.label).toBe('Move a step and a note')
  one.duplicate()
  expect(one.graph.notes.map(({ id, position }) => [id, position])).toEqual([
    ['note', { x: 16, y: 16 }],
    ['note_2', { x: 48, y: 112 }],
  ])
  expect([...one.get().selection.nodes]).toEqual(['a_2', 'b_2', 'note/note_2'])
  const { notes } = one.graph
  globalThis.requestAnimationFrame ??= () => 0
  one.tidy()
  expect(one.graph.notes).toEqual(notes)
})

test('what is pasted lies on nothing that is there, also the second time', () => {
  const one = editing()
  one.choose('a')
  const text = one.copy() ?? ''
  one.paste(text)
  one.paste(text)
  const places = one.graph.nodes.filter(({ id }) => id !== 'b').map(({ position }) => `${position.x} ${position.y}`)
  expect([places.length, new Set(places).size]).toEqual([3, 3])
})

test('what an undo takes away is not selected any more, so that the next click selects one step', () => {
  const one = editing()
  one.insert('debug.noop', { after: 'b' })
  const added = one.chosen ?? ''
  expect(one.graph.nodes.map(({ id }) => id)).toContain(added)
  one.undo()
  expect(one.chosen).toBeNull()
  one.redo()
  one.choose(added)
  one.undo()
  expect(one.get().selection.nodes.size).toBe(0)
})

test('no more notes are made than a workflow may have', () => {
  const one = editing()
  for (let count = 0; count < NOTES_MAX; count += 1) one.notes.add({ x: 0, y: 0 })
  const full = one.graph
  one.notes.add()
  one.duplicate()
  expect(full.notes).toHaveLength(NOTES_MAX)
  expect(one.graph).toBe(full)
})

test('who only looks neither adds a note nor writes one', () => {
  const one = editing(true)
  const before = one.graph
  one.notes.add()
  one.notes.begin('note')
  one.notes.write('note', 'x')
  expect(one.graph).toBe(before)
  expect(one.notes.writing.get().id).toBeNull()
})

test('F2 lets the name be written where it can be, and not on top of something else', () => {
  const press = (of: Editing) => pageKey(of, { key: 'F2', preventDefault: () => {} } as KeyboardEvent)
  const [mine, readOnly] = [editing(), editing(true)]
  press(mine)
  expect(mine.get().asking).toEqual({ what: 'rename' })
  mine.ask({ what: 'find' })
  press(mine)
  expect(mine.get().asking).toEqual({ what: 'find' })
  press(readOnly)
  expect(readOnly.get().asking).toBe(null)
})
