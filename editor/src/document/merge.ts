/**
 * Brings together what two people made of the same document. What only one of them touched is taken from there; where
 * both changed the same field, or one removed what the other changed or uses, it is a conflict, which is told and
 * decided: by `picks`, else for one's own, and for what would be lost.
 */

import { renameNode } from './commands'
import { isObject } from './diff'
import { equal } from './equal'
import { NONE_ODD } from './graph'
import type { Graph, GraphEdge, GraphNode, Note } from './graph'
import { edgeIds, newEdgeId, newNodeId, newNoteId, nodeIds, noteIds } from './ids'
import { mergeLists } from './merge-lists'
import { read, write } from './codec'

export type Side = 'mine' | 'theirs'

export interface Conflict {
  /** Names the place; what `picks` goes by. */
  key: string
  what: 'node' | 'edge' | 'graph' | 'note'
  id: string
  /** Empty if it is about the whole of it. */
  field: string
  /** Absent where that side removed it. */
  mine: unknown
  theirs: unknown
  taken: Side
}

export interface Merged {
  graph: Graph
  conflicts: readonly Conflict[]
}

export type Picks = ReadonlyMap<string, Side>
type Json = Record<string, unknown>

export function merge(base: Graph, mine: Graph, theirs: Graph, picks: Picks = new Map()): Merged {
  const [b, t] = [document(base), document(theirs)]
  const own = withOwnIds(base, mine, theirs)
  const m = document(own)
  if (equal(m, b) && equal(own.odd, base.odd)) return { graph: theirs, conflicts: [] }
  if (equal(t, b) && equal(theirs.odd, base.odd)) return { graph: mine, conflicts: [] }
  const judge = new Judge(picks)
  const lists = mergeLists(b, m, t, judge)
  const rest = judge.value({ what: 'graph', id: '' }, [], base.rest, own.rest, theirs.rest) as Json
  const odd = equal(own.odd, base.odd) ? theirs.odd : own.odd
  const graph = { ...read({ ...rest, ...lists }), odd }
  return { graph, conflicts: judge.conflicts }
}

interface Written {
  nodes: GraphNode[]
  edges: GraphEdge[]
  notes?: Note[]
}

/** Nodes, edges and notes as they are written; entries that are none of them are not merged one by one. */
function document(graph: Graph): Written {
  return write({ ...graph, rest: {}, odd: NONE_ODD }) as unknown as Written
}

/** Two new steps, or notes, that were given the same name by chance are two. */
function withOwnIds(base: Graph, mine: Graph, theirs: Graph): Graph {
  const known = new Map([...base.nodes, ...base.edges].map((entry) => [entry.id, entry]))
  const other = new Map<string, GraphNode | GraphEdge>(theirs.nodes.map((node) => [node.id, node]))
  const taken = new Set([...nodeIds(mine), ...nodeIds(theirs), ...nodeIds(base)])
  let graph = mine
  for (const node of mine.nodes) {
    const twin = other.get(node.id)
    if (!twin || known.has(node.id) || equal(twin, node)) continue
    const id = newNodeId(taken, node.id)
    taken.add(id)
    graph = renameNode(graph, node.id, id)
  }
  const edges = new Map(theirs.edges.map((edge) => [edge.id, edge]))
  const takenEdges = new Set([...edgeIds(graph), ...edgeIds(theirs), ...edgeIds(base)])
  const named = graph.edges.map((edge) => {
    const twin = edges.get(edge.id)
    if (!twin || known.has(edge.id) || equal(twin, edge)) return edge
    const id = newEdgeId(takenEdges, edge.source, edge.target)
    takenEdges.add(id)
    return { ...edge, id }
  })
  return { ...graph, edges: named, notes: withOwnNoteIds(base, mine, theirs) }
}

function withOwnNoteIds(base: Graph, mine: Graph, theirs: Graph): Note[] {
  const known = noteIds(base)
  const other = new Map(theirs.notes.map((note) => [note.id, note]))
  const taken = new Set([...noteIds(mine), ...noteIds(theirs), ...known])
  return mine.notes.map((note) => {
    const twin = other.get(note.id)
    if (!twin || known.has(note.id) || equal(twin, note)) return note
    const id = newNoteId(taken)
    taken.add(id)
    return { ...note, id }
  })
}

export interface Place {
  what: Conflict['what']
  id: string
}

/** Decides field by field, and remembers what both changed. */
export class Judge {
  readonly conflicts: Conflict[] = []

  constructor(private readonly picks: Picks) {}

  value(place: Place, path: readonly string[], base: unknown, mine: unknown, theirs: unknown): unknown {
    if (equal(mine, theirs) || equal(theirs, base)) return mine
    if (equal(mine, base)) return theirs
    // Where something is drawn is not worth a question.
    if (isDrawing(place, path)) return mine
    if (isObject(mine) && isObject(theirs)) return this.fields(place, path, isObject(base) ? base : {}, mine, theirs)
    return this.decide(place, path, mine, theirs, 'mine') === 'mine' ? mine : theirs
  }

  /** Which side counts; told as a conflict. */
  decide(place: Place, path: readonly string[], mine: unknown, theirs: unknown, otherwise: Side): Side {
    const key = [place.what, place.id, ...path].join('/')
    const taken = this.picks.get(key) ?? otherwise
    this.conflicts.push({ key, ...place, field: path.join('.'), mine, theirs, taken })
    return taken
  }

  private fields(place: Place, path: readonly string[], base: Json, mine: Json, theirs: Json): Json {
    const names = [...new Set([...Object.keys(mine), ...Object.keys(theirs)])]
    const merged = names.map((name) => {
      const value = this.value(place, [...path, name], base[name], mine[name], theirs[name])
      return [name, value] as const
    })
    return Object.fromEntries(merged.filter(([, value]) => value !== undefined))
  }
}

/** Whether a field says where something is drawn, or how large a note is. */
function isDrawing({ what }: Place, path: readonly string[]): boolean {
  return path.length === 1 && (path[0] === 'position' || (what === 'note' && path[0] === 'size'))
}
