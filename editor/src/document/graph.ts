/**
 * The document: the graph as the server stores it. Whatever is not known here stays as it came, so that reading and
 * writing is the identity.
 */

export interface Point {
  x: number
  y: number
}

export interface NodeData {
  label?: string
  config?: Record<string, unknown>
  policy?: Record<string, unknown>
  [field: string]: unknown
}

export interface GraphNode {
  id: string
  type: string
  parentId?: string
  position: Point
  data?: NodeData
  [field: string]: unknown
}

export type EdgeKind = 'flow' | 'error' | 'compensate'

export interface EdgeData {
  kind?: EdgeKind
  when?: string
  error_classes?: string[]
  [field: string]: unknown
}

export interface GraphEdge {
  id: string
  source: string
  sourceHandle?: string | null
  target: string
  targetHandle?: string | null
  data?: EdgeData
  [field: string]: unknown
}

/** Text on the canvas that is no step: see `notes.ts`. */
export interface Note {
  id: string
  text: string
  position: Point
  size?: { width: number; height: number }
  color?: string
  [field: string]: unknown
}

export type Lists = 'nodes' | 'edges' | 'notes'

export interface Graph {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
  readonly notes: readonly Note[]
  /** Fields of the document beside these lists; an empty list of notes, as it may be missing. */
  readonly rest: Readonly<Record<string, unknown>>
  /** Entries of the lists that are no nodes, edges or notes, with their places. */
  readonly odd: Readonly<Record<Lists, readonly (readonly [number, unknown])[]>>
  /** Nodes that the document gives no position: where they are drawn is not written unless they are moved. */
  readonly unplaced: ReadonlySet<string>
}

export const NONE_ODD: Graph['odd'] = { nodes: [], edges: [], notes: [] }
export const EMPTY: Graph = { nodes: [], edges: [], notes: [], rest: {}, odd: NONE_ODD, unplaced: new Set() }

export function labelOf(node: GraphNode): string {
  return node.data?.label || node.id
}

export function kindOf(edge: GraphEdge): EdgeKind {
  return edge.data?.kind ?? 'flow'
}

export function nodeById(graph: Graph, id: string): GraphNode | undefined {
  return graph.nodes.find((node) => node.id === id)
}

/** What people call a node; its id if it is not there. */
export function nameOf(graph: Graph, id: string): string {
  const node = nodeById(graph, id)
  return node ? labelOf(node) : id
}

export function childrenOf(graph: Graph, id: string | undefined): GraphNode[] {
  return graph.nodes.filter((node) => node.parentId === id)
}

/** A node and everything within it. */
export function withInside(graph: Graph, ids: Iterable<string>): Set<string> {
  const found = new Set(ids)
  for (let size = -1; size !== found.size;) {
    size = found.size
    for (const node of graph.nodes) if (node.parentId !== undefined && found.has(node.parentId)) found.add(node.id)
  }
  return found
}
