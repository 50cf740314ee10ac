/** The nodes, edges and notes of a merge: which are there, and that none is left without its ends or its container. */

import { equal } from './equal'
import type { GraphEdge, GraphNode, Note } from './graph'
import type { Judge, Place } from './merge'

interface Lists {
  nodes: readonly GraphNode[]
  edges: readonly GraphEdge[]
  notes?: readonly Note[]
}
type Entry = GraphNode | GraphEdge | Note
type Merged = { nodes: Entry[]; edges: Entry[]; notes?: Entry[] }

export function mergeLists(base: Lists, mine: Lists, theirs: Lists, judge: Judge): Merged {
  const nodes = mergeList('node', base.nodes, mine.nodes, theirs.nodes, judge)
  const edges = mergeList('edge', base.edges, mine.edges, theirs.edges, judge)
  hold(nodes, edges, mine.nodes, theirs.nodes, judge)
  const notes = mergeList('note', base.notes ?? [], mine.notes ?? [], theirs.notes ?? [], judge)
  const lists = { nodes: [...nodes.values()], edges: [...edges.values()] }
  return notes.size === 0 ? lists : { ...lists, notes: [...notes.values()] }
}

function mergeList<T extends Entry>(
  what: Place['what'],
  base: readonly T[],
  mine: readonly T[],
  theirs: readonly T[],
  judge: Judge,
): Map<string, T> {
  const [b, m, t] = [byId(base), byId(mine), byId(theirs)]
  const merged = new Map<string, T>()
  for (const id of order(mine, theirs)) {
    const entry = mergeEntry({ what, id }, b.get(id), m.get(id), t.get(id), judge)
    if (entry) merged.set(id, entry)
  }
  return merged
}

function mergeEntry<T extends Entry>(
  place: Place,
  base: T | undefined,
  mine: T | undefined,
  theirs: T | undefined,
  judge: Judge,
): T | undefined {
  if (mine && theirs) {
    const merged = judge.value(place, [], base, mine, theirs) as T
    // A place is told within the container.
    const isTheirHome = merged.parentId === theirs.parentId && merged.parentId !== mine.parentId
    return isTheirHome ? { ...merged, position: theirs.position } : merged
  }
  const left = mine ?? theirs
  const side = mine ? 'mine' : 'theirs'
  if (!base) return left
  if (equal(left, base)) return undefined
  // One removed what the other changed: it stays, unless one says otherwise.
  return judge.decide(place, [], mine, theirs, side) === side ? left : undefined
}

/** Those of mine in their order, and what is only theirs behind what it was behind there. */
function order(mine: readonly Entry[], theirs: readonly Entry[]): string[] {
  const ids = mine.map((entry) => entry.id)
  let before = -1
  for (const { id } of theirs) {
    const at = ids.indexOf(id)
    if (at < 0) ids.splice((before += 1), 0, id)
    else before = at
  }
  return ids
}

/**
 * An edge or a step in a container may need a node that the other side removed: the node stays, unless one says that
 * it is removed; then what needs it goes, too.
 */
function hold(
  nodes: Map<string, GraphNode>,
  edges: Map<string, GraphEdge>,
  mine: readonly GraphNode[],
  theirs: readonly GraphNode[],
  judge: Judge,
): void {
  const [m, t] = [byId(mine), byId(theirs)]
  const decided = new Map<string, boolean>(
    judge.conflicts.filter(({ what, field }) => what === 'node' && field === '').map(({ id }) => [id, nodes.has(id)]),
  )
  const stays = (id: string): boolean => {
    if (nodes.has(id)) return true
    const left = m.get(id) ?? t.get(id)
    if (!left || decided.get(id) === false) return false
    const side = m.has(id) ? 'mine' : 'theirs'
    const isKept = judge.decide({ what: 'node', id }, [], m.get(id), t.get(id), side) === side
    decided.set(id, isKept)
    if (isKept && (left.parentId === undefined || stays(left.parentId))) nodes.set(id, left)
    return nodes.has(id)
  }
  for (const edge of [...edges.values()]) {
    const isWhole = [stays(edge.source), stays(edge.target)].every(Boolean)
    if (!isWhole) edges.delete(edge.id)
  }
  for (let size = -1; size !== nodes.size;) {
    size = nodes.size
    for (const node of [...nodes.values()])
      if (node.parentId !== undefined && !stays(node.parentId)) nodes.delete(node.id)
  }
  for (const edge of [...edges.values()]) if (!nodes.has(edge.source) || !nodes.has(edge.target)) edges.delete(edge.id)
}

function byId<T extends Entry>(entries: readonly T[]): Map<string, T> {
  return new Map(entries.map((entry) => [entry.id, entry]))
}
