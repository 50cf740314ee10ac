/** Part of a graph as text, to be pasted here, elsewhere, or into a message. */

import { part } from './commands'
import { movedBy, placeOf } from './geometry'
import { EMPTY, withInside } from './graph'
import type { EdgeData, Graph, GraphNode, NodeData, Note, Point } from './graph'
import { read } from './codec'
import { withoutSecrets } from './secrets'
import { edgeIds, newEdgeId, newNodeId, newNoteId, nodeIds, noteIds } from './ids'
import { keysOf, noteKey } from './notes'

/** Longest text that is taken. */
const CHARS_MAX = 2 * 1024 * 1024

/** These nodes with all that is in them and the edges between them, and notes by their keys, each where it was seen. */
export function pieceOf(graph: Graph, ids: ReadonlySet<string>): Graph {
  const { nodes, edges } = part(graph, withInside(graph, ids))
  const inside = new Set(nodes.map((node) => node.id))
  const outermost = nodes.map((node) => {
    if (node.parentId === undefined || inside.has(node.parentId)) return node
    const { parentId: _left, ...bare } = { ...node, position: placeOf(graph, node) }
    return bare as GraphNode
  })
  return { ...EMPTY, nodes: outermost, edges, notes: graph.notes.filter((note) => ids.has(noteKey(note.id))) }
}

/** A piece as text, without its secrets. */
export function asText(piece: Graph): string {
  const { nodes, edges, notes } = withoutSecrets(piece)
  return JSON.stringify({ nodes, edges, ...(notes.length > 0 ? { notes } : {}) }, null, 2)
}

/** What a text holds; nothing if it is no graph. */
export function pasted(text: string): Graph | null {
  if (text.length > CHARS_MAX) return null
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !Array.isArray((value as Record<string, unknown>)['nodes']))
      return null
    const graph = read(value as Record<string, unknown>)
    return graph.nodes.length + graph.notes.length > 0 ? graph : null
  } catch {
    return null
  }
}

/** Adds a part with ids of its own, its upper left corner at `at`; tells which nodes and notes are new at the outermost level. */
export function paste(graph: Graph, piece: Graph, at: Point, parentId?: string): { graph: Graph; added: string[] } {
  const taken = nodeIds(graph)
  const names = new Map<string, string>()
  for (const { id } of piece.nodes) {
    const name = taken.has(id) ? newNodeId(taken, id) : id
    names.set(id, name)
    taken.add(name)
  }
  const outer = piece.nodes.filter((node) => node.parentId === undefined || !names.has(node.parentId))
  const { x: left, y: top } = cornerOf([...outer, ...piece.notes])
  const nodes = piece.nodes.map((node) => {
    const isOuter = outer.includes(node)
    const placed = isOuter ? movedBy(node, at.x - left, at.y - top) : node
    const { parentId: before, ...bare } = placed
    const home = isOuter ? parentId : names.get(before ?? '')
    const data = node.data ? { data: renamed(node.data, names) as NodeData } : {}
    return {
      ...bare,
      ...data,
      id: names.get(node.id) ?? node.id,
      ...(home === undefined ? {} : { parentId: home }),
    } as GraphNode
  })
  const edges = [...graph.edges]
  const takenEdges = edgeIds(graph)
  for (const edge of piece.edges) {
    const source = names.get(edge.source)
    const target = names.get(edge.target)
    if (source === undefined || target === undefined) continue
    const id = newEdgeId(takenEdges, source, target)
    takenEdges.add(id)
    edges.push({ ...edge, id, source, target, ...(edge.data ? { data: renamed(edge.data, names) as EdgeData } : {}) })
  }
  const notes = pastedNotes(graph, piece.notes, { x: at.x - left, y: at.y - top })
  const added = [...outer.map((node) => names.get(node.id) ?? node.id), ...keysOf(notes)]
  return { graph: { ...graph, nodes: [...graph.nodes, ...nodes], edges, notes: [...graph.notes, ...notes] }, added }
}

/** The upper left corner of what is drawn there. */
export function cornerOf(drawn: readonly { position: Point }[]): Point {
  return {
    x: Math.min(...drawn.map(({ position }) => position.x)),
    y: Math.min(...drawn.map(({ position }) => position.y)),
  }
}

function pastedNotes(graph: Graph, notes: readonly Note[], by: Point): Note[] {
  const taken = noteIds(graph)
  return notes.map((note) => {
    const id = taken.has(note.id) ? newNoteId(taken) : note.id
    taken.add(id)
    return { ...note, id, position: { x: note.position.x + by.x, y: note.position.y + by.y } }
  })
}

/** Expressions name the new nodes, not those that they were copied from. */
function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') {
    return value.replace(/\b(steps|errors)\.([\w-]+)/g, (whole, of: string, id: string) => {
      const name = names.get(id)
      return name === undefined ? whole : `${of}.${name}`
    })
  }
  if (Array.isArray(value)) return value.map((item) => renamed(item, names))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, renamed(item, names)]))
}
