import { beforeEach, expect, test } from 'vitest'

import { ApiError } from '../api/client'
import type { Saved, Workflow } from '../api/types'
import { read } from '../document/codec'
import * as commands from '../document/commands'
import { merge } from '../document/merge'
import { Draft } from './draft'
import type { Server } from './draft'

/** Keeps one draft as the real one does: a save needs the revision that it changes. */
class OneDraft implements Server {
  revision = 1
  graph: Record<string, unknown> = { nodes: [{ id: 'a', type: 't', position: { x: 0, y: 0 } }], edges: [] }
  /** What happens to the next answers. */
  trouble: ('away' | 'signed out' | 'answer lost')[] = []

  async save(revision: number, document: Record<string, unknown>): Promise<Saved> {
    const trouble = this.trouble.shift()
    if (trouble === 'away') throw new ApiError(0, 'no_answer', 'gone', '')
    if (trouble === 'signed out') throw new ApiError(401, 'no_session', 'nobody is signed in', '')
    if (revision !== this.revision) throw new ApiError(412, 'stale_revision', 'stale', '')
    this.revision += 1
    this.graph = structuredClone(document)
    if (trouble === 'answer lost') throw new ApiError(0, 'no_answer', 'gone', '')
    return { revision: this.revision, problems: [], ports: {} }
  }

  async read(): Promise<Workflow> {
    const { revision, graph } = this
    return { id: 'w', name: 'W', revision, graph, published: null, ports: {}, created_at: '', updated_at: '' }
  }

  label(): unknown {
    return (this.graph['nodes'] as { data?: { label?: string } }[])[0]?.data?.label
  }
}

const kept = new Map<string, string>()
let server: OneDraft

beforeEach(() => {
  kept.clear()
  server = new OneDraft()
  globalThis.localStorage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  } as Storage
})

function type(draft: Draft, label: string): void {
  draft.change('Label', (graph) => commands.updateNode(graph, 'a', (data) => ({ ...data, label })))
}

test('a save whose answer was lost is no conflict when it is repeated', async () => {
  const draft = new Draft(await server.read(), server)
  server.trouble = ['answer lost']
  type(draft, 'one')
  expect(await draft.flush()).toBe(false)
  expect(draft.get().save.kind).toBe('waiting')
  expect(await draft.flush()).toBe(true)
  expect([server.revision, server.label(), draft.get().revision]).toEqual([2, 'one', 2])
  draft.close()
})

test('what is changed while a save is under way is saved by the next one', async () => {
  const draft = new Draft(await server.read(), server)
  type(draft, 'one')
  const saving = draft.saveNow()
  type(draft, 'two')
  await saving
  expect([server.label(), draft.get().save.kind]).toEqual(['one', 'changed'])
  expect(await draft.flush()).toBe(true)
  expect([server.label(), kept.size]).toEqual(['two', 0])
  draft.close()
})

test('what could not be saved is taken up by the next tab', async () => {
  const draft = new Draft(await server.read(), server)
  server.trouble = ['away']
  type(draft, 'left behind')
  await draft.flush()
  draft.close()
  const later = new Draft(await server.read(), server)
  expect(later.graph.nodes[0]?.data?.label).toBe('left behind')
  expect(await later.flush()).toBe(true)
  expect(server.label()).toBe('left behind')
  later.close()
})

test('what could not be saved, and was saved elsewhere meanwhile, is a conflict and not lost', async () => {
  const draft = new Draft(await server.read(), server)
  server.trouble = ['away']
  type(draft, 'mine')
  await draft.flush()
  draft.close()
  await server.save(1, {
    nodes: [{ id: 'a', type: 't', position: { x: 0, y: 0 }, data: { label: 'theirs' } }],
    edges: [],
  })
  const later = new Draft(await server.read(), server)
  expect(later.get().save.kind).toBe('conflict')
  later.keepMine()
  expect(await later.flush()).toBe(true)
  expect(server.label()).toBe('mine')
  later.close()
})

test('what both made of a draft is merged over what they made it from, also by a later tab', async () => {
  const draft = new Draft(await server.read(), server)
  server.trouble = ['away']
  type(draft, 'mine')
  await draft.flush()
  draft.close()
  const node = (id: string) => ({ id, type: 't', position: { x: 0, y: 0 } })
  await server.save(1, { nodes: [node('a'), node('theirs')], edges: [] })

  const later = new Draft(await server.read(), server)
  const { save } = later.get()
  if (save.kind !== 'conflict' || !save.base) throw new Error(`it is ${save.kind}`)
  const { graph, conflicts } = merge(save.base, later.graph, read(save.theirs.graph))
  expect(conflicts).toEqual([])
  later.takeMerged(graph)
  expect(await later.flush()).toBe(true)
  expect(server.graph['nodes']).toEqual([{ ...node('a'), data: { label: 'mine' } }, node('theirs')])
  later.undo()
  expect(later.graph.nodes.map(({ id }) => id)).toEqual(['a'])
  later.close()
})

test('what cannot be saved while one is signed out is kept, and saved once one is signed in again', async () => {
  const draft = new Draft(await server.read(), server)
  server.trouble = ['signed out']
  type(draft, 'one')
  expect(await draft.flush()).toBe(false)
  expect(draft.get().save.kind).toBe('waiting')
  expect(kept.size).toBe(1)
  expect(await draft.flush()).toBe(true)
  expect([server.label(), kept.size]).toEqual(['one', 0])
  draft.close()
})

test('a new name is heard at once, and is nothing that is saved or undone', async () => {
  const draft = new Draft(await server.read(), server)
  const heard: string[] = []
  draft.subscribe(() => heard.push(draft.name))
  draft.setName('Called otherwise')
  expect([heard, draft.name, draft.get().save.kind]).toEqual([['Called otherwise'], 'Called otherwise', 'saved'])
  draft.undo()
  expect([draft.name, server.revision]).toEqual(['Called otherwise', 1])
  draft.close()
})
