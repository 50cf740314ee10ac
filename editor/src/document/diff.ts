/** What makes two documents different, as a person would say it: by steps, edges and fields, not by lines. */

import { write } from './codec'
import { equal } from './equal'
import { NONE_ODD, labelOf, nameOf } from './graph'
import type { Graph, GraphEdge, GraphNode, Note } from './graph'
import { noteName } from './notes'

export interface FieldChange {
  /** Such as `config.url`. */
  field: string
  before: unknown
  after: unknown
}

export interface Difference {
  kind: 'added' | 'removed' | 'changed'
  what: 'node' | 'edge' | 'graph' | 'note'
  id: string
  label: string
  fields: readonly FieldChange[]
}

export interface Diff {
  /** Of what runs. */
  differences: readonly Difference[]
  /** Of notes on the canvas: nothing that runs looks at them. */
  notes: readonly Difference[]
  /** Steps that are only somewhere else on the canvas. */
  moved: number
  /** Notes that are only somewhere else, or of another size. */
  movedNotes: number
}

type Json = Record<string, unknown>

export function diff(before: Graph, after: Graph): Diff {
  const nodes = entries(before.nodes, after.nodes, 'node', labelOf, settingsOf)
  const edges = entries(before.edges, after.edges, 'edge', (edge, of) => ends(edge, of), settingsOf, before, after)
  const whole = fieldsOf(before.rest, after.rest)
  const graph: Difference[] =
    whole.length === 0 ? [] : [{ kind: 'changed', what: 'graph', id: '', label: 'The workflow', fields: whole }]
  const notes = entries(before.notes, after.notes, 'note', noteName, saidOf)
  const differences = [...nodes, ...edges, ...graph]
  return { differences, notes, moved: moved(before, after), movedNotes: movedNotes(before, after) }
}

export function isSame({ differences, notes, moved, movedNotes }: Diff): boolean {
  return differences.length + notes.length + moved + movedNotes === 0
}

function entries<T extends GraphNode | GraphEdge | Note>(
  before: readonly T[],
  after: readonly T[],
  what: 'node' | 'edge' | 'note',
  label: (entry: T, of: Graph | undefined) => string,
  settings: (entry: T) => Json,
  from?: Graph,
  to?: Graph,
): Difference[] {
  const old = new Map(before.map((entry) => [entry.id, entry]))
  const now = new Set(after.map((entry) => entry.id))
  const found = after.flatMap((entry): Difference[] => {
    const past = old.get(entry.id)
    const fields = past ? fieldsOf(settings(past), settings(entry)) : []
    if (past && fields.length === 0) return []
    return [{ kind: past ? 'changed' : 'added', what, id: entry.id, label: label(entry, to), fields }]
  })
  const gone = before.filter((entry) => !now.has(entry.id))
  return [
    ...found,
    ...gone.map((entry): Difference => ({
      kind: 'removed',
      what,
      id: entry.id,
      label: label(entry, from),
      fields: [],
    })),
  ]
}

function ends(edge: GraphEdge, of: Graph | undefined): string {
  const named = (id: string) => (of ? nameOf(of, id) : id)
  return `${named(edge.source)} → ${named(edge.target)}`
}

/** All but name and place; what is in `data` stands beside the rest. */
function settingsOf(entry: GraphNode | GraphEdge): Json {
  const { id: _id, position: _place, data, ...rest } = entry as GraphNode
  return { ...rest, ...data }
}

/** What a note says, and how it looks. */
function saidOf({ id: _id, position: _place, size: _size, ...rest }: Note): Json {
  return rest
}

/** Fields that differ; within objects each on its own, while a list is one value. */
export function fieldsOf(before: Json, after: Json, path = ''): FieldChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names.flatMap((name): FieldChange[] => {
    const [old, now] = [before[name], after[name]]
    const field = path + name
    if (equal(old, now)) return []
    if (isObject(old) && isObject(now)) return fieldsOf(old, now, `${field}.`)
    return [{ field, before: old, after: now }]
  })
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function moved(before: Graph, after: Graph): number {
  const places = (graph: Graph) =>
    new Map((write({ ...graph, odd: NONE_ODD })['nodes'] as GraphNode[]).map((node) => [node.id, node]))
  const old = places(before)
  return [...places(after).values()].filter((node) => {
    const past = old.get(node.id)
    return past && past.parentId === node.parentId && !equal(past.position, node.position)
  }).length
}

function movedNotes(before: Graph, after: Graph): number {
  const old = new Map(before.notes.map((note) => [note.id, note]))
  return after.notes.filter((note) => {
    const past = old.get(note.id)
    return past && !(equal(past.position, note.position) && equal(past.size, note.size))
  }).length
}
