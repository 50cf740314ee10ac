/**
 * What can be done to a document. Each command takes one and gives the next; what it does not touch stays the same
 * object.
 */

import { movedBy } from './geometry'
import { EMPTY, kindOf, withInside } from './graph'
import type { EdgeData, Graph, GraphEdge, GraphNode, NodeData, Point } from './graph'
import { edgeIds, newEdgeId } from './ids'
import { noteKey } from './notes'
import type { Wish } from './rules'

export function addNode(graph: Graph, node: GraphNode): Graph {
  return { ...graph, nodes: [...graph.nodes, node] }
}

export function addEdge(graph: Graph, wish: Wish): Graph {
  const edge: GraphEdge = {
    id: newEdgeId(edgeIds(graph), wish.source, wish.target),
    source: wish.source,
    ...(wish.port === null ? {} : { sourceHandle: wish.port }),
    target: wish.target,
    ...(wish.kind === 'flow' ? {} : { data: { kind: wish.kind } }),
  }
  return { ...graph, edges: [...graph.edges, edge] }
}

/** Removes nodes with all that is in them, the edges at them, and edges of their own; notes by their keys, too. */
export function remove(graph: Graph, nodes: Iterable<string>, edges: Iterable<string>): Graph {
  const gone = withInside(graph, nodes)
  const goneEdges = new Set(edges)
  const stays = (edge: GraphEdge) => !goneEdges.has(edge.id) && !gone.has(edge.source) && !gone.has(edge.target)
  return {
    ...graph,
    nodes: graph.nodes.filter((node) => !gone.has(node.id)),
    edges: graph.edges.filter(stays),
    notes: graph.notes.filter((note) => !gone.has(noteKey(note.id))),
  }
}

/** Removes one node, and joins what led to it with what it led to, where that is one way. */
export function removeAndBridge(graph: Graph, id: string): Graph {
  const into = graph.edges.filter((edge) => edge.target === id && kindOf(edge) === 'flow')
  const out = graph.edges.filter((edge) => edge.source === id && kindOf(edge) === 'flow')
  const rest = remove(graph, [id], [])
  const [first] = into
  const [next] = out
  if (into.length !== 1 || out.length !== 1 || !first || !next) return rest
  const isThere = rest.edges.some((edge) => edge.source === first.source && edge.target === next.target)
  if (isThere) return rest
  return { ...rest, edges: [...rest.edges, { ...first, target: next.target }] }
}

/** Puts nodes, and notes by their keys, to other places. */
export function move(graph: Graph, places: ReadonlyMap<string, Point>): Graph {
  const moved = new Set(places.keys())
  const nodes = graph.nodes.map((node) => {
    const position = places.get(node.id)
    return position ? { ...node, position } : node
  })
  const notes = graph.notes.map((note) => {
    const position = places.get(noteKey(note.id))
    return position ? { ...note, position } : note
  })
  return { ...graph, nodes, notes, unplaced: new Set([...graph.unplaced].filter((id) => !moved.has(id))) }
}

/** Puts nodes into a container or out of it, `offset` away from where they were; edges that would cross the wall go. */
export function reparent(graph: Graph, ids: ReadonlySet<string>, parentId: string | undefined, offset: Point): Graph {
  const nodes = graph.nodes.map((node) => {
    if (!ids.has(node.id)) return node
    const { parentId: _before, ...bare } = movedBy(node, offset.x, offset.y)
    return (parentId === undefined ? bare : { ...bare, parentId }) as GraphNode
  })
  const homes = new Map(nodes.map((node) => [node.id, node.parentId]))
  const edges = graph.edges.filter((edge) => homes.get(edge.source) === homes.get(edge.target))
  return { ...graph, nodes, edges }
}

export function updateNode(graph: Graph, id: string, change: (data: NodeData) => NodeData): Graph {
  return {
    ...graph,
    nodes: graph.nodes.map((node) => (node.id === id ? { ...node, data: change(node.data ?? {}) } : node)),
  }
}

export function updateEdge(graph: Graph, id: string, change: (edge: GraphEdge) => GraphEdge): Graph {
  return { ...graph, edges: graph.edges.map((edge) => (edge.id === id ? change(edge) : edge)) }
}

export function setEdgeData(graph: Graph, id: string, change: (data: EdgeData) => EdgeData): Graph {
  return updateEdge(graph, id, (edge) => ({ ...edge, data: change(edge.data ?? {}) }))
}

/** Puts a node into an edge: what led on now leads through it. */
export function insertOnEdge(graph: Graph, edgeId: string, node: GraphNode, port: string | null): Graph {
  const edge = graph.edges.find((found) => found.id === edgeId)
  if (!edge) return addNode(graph, node)
  const through = updateEdge(addNode(graph, node), edgeId, (found) => ({ ...found, target: node.id }))
  return addEdge(through, { source: node.id, port, target: edge.target, kind: 'flow' })
}

/** Gives a node another id, and brings along whoever names it: edges, what lies in it, and expressions. */
export function renameNode(graph: Graph, id: string, next: string): Graph {
  const named = new RegExp(`\\b(steps|errors)\\.${id.replaceAll('-', '\\-')}(?![\\w-])`, 'g')
  const rewrite = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replace(named, `$1.${next}`)
    if (Array.isArray(value)) return value.map(rewrite)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rewrite(item)]))
  }
  const nodes = graph.nodes.map((node) => {
    const told = { ...node, id: node.id === id ? next : node.id }
    if (node.parentId === id) told.parentId = next
    if (node.data) told.data = rewrite(node.data) as NodeData
    return told
  })
  const end = (name: string) => (name === id ? next : name)
  const edges = graph.edges.map((edge) => {
    const told = { ...edge, source: end(edge.source), target: end(edge.target) }
    if (edge.data) told.data = rewrite(edge.data) as EdgeData
    return told
  })
  const unplaced = new Set([...graph.unplaced].map(end))
  return { ...graph, nodes, edges, unplaced }
}

/** Only these nodes and the edges between them. */
export function part(graph: Graph, ids: ReadonlySet<string>): Graph {
  return {
    ...EMPTY,
    nodes: graph.nodes.filter((node) => ids.has(node.id)),
    edges: graph.edges.filter((edge) => ids.has(edge.source) && ids.has(edge.target)),
  }
}
