/** Part of a graph as text, to be pasted here, elsewhere, or into a message. */

import { part } from './commands'
import { movedBy, placeOf } from './geometry'
import { EMPTY, withInside } from './graph'
import type { EdgeData, Graph, GraphNode, NodeData, Point } from './graph'
import { read } from './codec'
import { withoutSecrets } from './secrets'
import { edgeIds, newEdgeId, newNodeId, nodeIds } from './ids'

/** Longest text that is taken. */
const CHARS_MAX = 2 * 1024 * 1024

/** These nodes with all that is in them and the edges between them, each where it was seen. */
export function pieceOf(graph: Graph, ids: ReadonlySet<string>): Graph {
  const { nodes, edges } = part(graph, withInside(graph, ids))
  const inside = new Set(nodes.map((node) => node.id))
  const outermost = nodes.map((node) => {
    if (node.parentId === undefined || inside.has(node.parentId)) return node
    const { parentId: _left, ...bare } = { ...node, position: placeOf(graph, node) }
    return bare as GraphNode
  })
  return { ...EMPTY, nodes: outermost, edges }
}

/** A piece as text, without its secrets. */
export function asText(piece: Graph): string {
  const { nodes, edges } = withoutSecrets(piece)
  return JSON.stringify({ nodes, edges }, null, 2)
}

/** What a text holds; nothing if it is no graph. */
export function pasted(text: string): Graph | null {
  if (text.length > CHARS_MAX) return null
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !Array.isArray((value as Record<string, unknown>)['nodes']))
      return null
    const graph = read(value as Record<string, unknown>)
    return graph.nodes.length > 0 ? graph : null
  } catch {
    return null
  }
}

/** Adds a part with ids of its own, its upper left corner at `at`; tells which nodes are new at the outermost level. */
export function paste(graph: Graph, piece: Graph, at: Point, parentId?: string): { graph: Graph; added: string[] } {
  const taken = nodeIds(graph)
  const names = new Map<string, string>()
  for (const { id } of piece.nodes) {
    const name = taken.has(id) ? newNodeId(taken, id) : id
    names.set(id, name)
    taken.add(name)
  }
  const outer = piece.nodes.filter((node) => node.parentId === undefined || !names.has(node.parentId))
  const left = Math.min(...outer.map((node) => node.position.x))
  const top = Math.min(...outer.map((node) => node.position.y))
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
  const added = outer.map((node) => names.get(node.id) ?? node.id)
  return { graph: { ...graph, nodes: [...graph.nodes, ...nodes], edges }, added }
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
