/** What makes two documents different, as a person would say it: by steps, edges and fields, not by lines. */

import { write } from './codec'
import { equal } from './equal'
import { labelOf, nameOf } from './graph'
import type { Graph, GraphEdge, GraphNode } from './graph'

export interface FieldChange {
  /** Such as `config.url`. */
  field: string
  before: unknown
  after: unknown
}

export interface Difference {
  kind: 'added' | 'removed' | 'changed'
  what: 'node' | 'edge' | 'graph'
  id: string
  label: string
  fields: readonly FieldChange[]
}

export interface Diff {
  differences: readonly Difference[]
  /** Steps that are only somewhere else on the canvas. */
  moved: number
}

type Json = Record<string, unknown>

export function diff(before: Graph, after: Graph): Diff {
  const nodes = entries(before.nodes, after.nodes, 'node', labelOf, settingsOf)
  const edges = entries(before.edges, after.edges, 'edge', (edge, of) => ends(edge, of), settingsOf, before, after)
  const whole = fieldsOf(before.rest, after.rest)
  const graph: Difference[] =
    whole.length === 0 ? [] : [{ kind: 'changed', what: 'graph', id: '', label: 'The workflow', fields: whole }]
  return { differences: [...nodes, ...edges, ...graph], moved: moved(before, after) }
}

export function isSame({ differences, moved }: Diff): boolean {
  return differences.length === 0 && moved === 0
}

function entries<T extends GraphNode | GraphEdge>(
  before: readonly T[],
  after: readonly T[],
  what: 'node' | 'edge',
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
    new Map((write({ ...graph, odd: { nodes: [], edges: [] } })['nodes'] as GraphNode[]).map((node) => [node.id, node]))
  const old = places(before)
  return [...places(after).values()].filter((node) => {
    const past = old.get(node.id)
    return past && past.parentId === node.parentId && !equal(past.position, node.position)
  }).length
}
