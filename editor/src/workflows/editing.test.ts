import { expect, test } from 'vitest'

import { nodeType } from '../../tests/answers'
import { edge, node } from '../../tests/build'
import type { Workflow } from '../api/types'
import { Catalogue } from '../app/catalogue'
import { Draft } from '../draft/draft'
import { Editing } from './editing'

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
