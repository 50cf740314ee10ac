/**
 * Reads a stored document and writes it again: `write(read(x))` is `x`, but for lists of nodes and edges that it
 * lacked. A list of notes is only there if something is in it, or was empty before.
 */

import type { Graph, GraphEdge, GraphNode, Note } from './graph'

type Json = Record<string, unknown>

export function read(document: Json): Graph {
  const { nodes: nodeList, edges: edgeList, notes: noteList, ...rest } = document
  const nodes = split(nodeList, isNode)
  const edges = split(edgeList, isEdge)
  const notes = split(noteList, isNote)
  if (nodeList !== undefined && !Array.isArray(nodeList)) rest['nodes'] = nodeList
  if (edgeList !== undefined && !Array.isArray(edgeList)) rest['edges'] = edgeList
  const isListed = Array.isArray(noteList) && noteList.length > 0
  if (noteList !== undefined && !isListed) rest['notes'] = noteList
  const unplaced = new Set(nodes.good.filter((node) => !isPoint(node['position'])).map((node) => node.id))
  const placed = nodes.good.map((node, at) =>
    unplaced.has(node.id) ? { ...node, position: { x: (at % 6) * 280, y: Math.floor(at / 6) * 120 } } : node,
  )
  const odd = { nodes: nodes.odd, edges: edges.odd, notes: notes.odd }
  return { nodes: placed, edges: edges.good, notes: notes.good, rest, odd, unplaced }
}

export function write(graph: Graph): Json {
  const nodes = graph.nodes.map((node) => {
    if (!graph.unplaced.has(node.id)) return node
    const { position: _drawn, ...unplaced } = node
    return unplaced
  })
  const document: Json = { nodes: join(nodes, graph.odd.nodes), edges: join(graph.edges, graph.odd.edges) }
  const notes = join(graph.notes, graph.odd.notes)
  return { ...document, ...graph.rest, ...(notes.length > 0 ? { notes } : {}) }
}

function split<T>(list: unknown, isGood: (entry: unknown) => entry is T) {
  const good: T[] = []
  const odd: [number, unknown][] = []
  const seen = new Set<unknown>()
  for (const [at, entry] of (Array.isArray(list) ? list : []).entries()) {
    const id = (entry as Json | null)?.['id']
    if (isGood(entry) && !seen.has(id)) good.push(entry)
    else odd.push([at, entry])
    seen.add(id)
  }
  return { good, odd }
}

function join(good: readonly unknown[], odd: readonly (readonly [number, unknown])[]): unknown[] {
  const all = [...good]
  for (const [at, entry] of odd) all.splice(at, 0, entry)
  return all
}

function isNode(entry: unknown): entry is GraphNode {
  const node = entry as GraphNode | null
  if (typeof node?.id !== 'string' || typeof node.type !== 'string') return false
  const isObject = (value: unknown) => value === undefined || (typeof value === 'object' && value !== null)
  return isObject(node.data) && (node.parentId === undefined || typeof node.parentId === 'string')
}

function isEdge(entry: unknown): entry is GraphEdge {
  const edge = entry as GraphEdge | null
  return typeof edge?.id === 'string' && typeof edge.source === 'string' && typeof edge.target === 'string'
}

function isNote(entry: unknown): entry is Note {
  const note = entry as Note | null
  return typeof note?.id === 'string' && typeof note.text === 'string' && isPoint(note.position)
}

function isPoint(value: unknown): boolean {
  const point = value as { x?: unknown; y?: unknown } | null | undefined
  return Number.isFinite(point?.x) && Number.isFinite(point?.y)
}
