/** From a document to what React Flow draws. The document is the truth; nothing is read back from here but places. */

import type { Edge, Node } from '@xyflow/react'

import type { Catalogue } from '../app/catalogue'
import { depthOf, sizeOf } from '../document/geometry'
import type { Kinds } from '../document/geometry'
import { kindOf, labelOf } from '../document/graph'
import type { EdgeKind, Graph, GraphEdge, GraphNode, Point } from '../document/graph'
import { pinnedOf } from '../document/pinned'

export type StepData = {
  label: string
  type: string
  title: string
  ports: readonly string[]
  isTrigger: boolean
  isKnown: boolean
  hasError: boolean
  hasUndo: boolean
  atLast: boolean
  isPinned: boolean
}
export type StepNode = Node<StepData, 'step' | 'container'>

export type WireData = { kind: EdgeKind; label: string }
export type WireEdge = Edge<WireData, 'wire'>

export const IN = 'in'
export const ERROR = 'error'
export const UNDO = 'undo'
const PORT = 'out:'

export function handleOf(port: string): string {
  return PORT + port
}

/** What a handle at the beginning of an edge means; the first port is not named in the document. */
export function meaningOf(
  handle: string | null | undefined,
  ports: readonly string[],
): { kind: EdgeKind; port: string | null } {
  if (handle === ERROR) return { kind: 'error', port: null }
  if (handle === UNDO) return { kind: 'compensate', port: null }
  const port = handle?.startsWith(PORT) ? handle.slice(PORT.length) : null
  return { kind: 'flow', port: port === ports[0] && ports.length === 1 ? null : port }
}

interface Index {
  graph: Graph
  inOrder: { node: GraphNode; depth: number; isInside: boolean }[]
  out: ReadonlyMap<string, GraphEdge[]>
}

/** Remembers what it made, so that what did not change stays the same object and is not drawn again. */
export class Adapter {
  private readonly nodes = new Map<string, { key: string; node: StepNode }>()
  private index: Index | null = null
  private readonly edges = new Map<string, { from: GraphEdge; key: string; edge: WireEdge }>()

  constructor(private readonly catalogue: Catalogue) {}

  toNodes(graph: Graph, kinds: Kinds, selected: ReadonlySet<string>, dragged: ReadonlyMap<string, Point>): StepNode[] {
    const { inOrder, out } = this.indexOf(graph)
    return inOrder.map(({ node, depth, isInside }) => {
      const data = this.dataOf(node, out.get(node.id) ?? [], kinds)
      const place = dragged.get(node.id) ?? node.position
      const { width, height } = sizeOf(graph, node, kinds)
      const isContainer = kinds.isContainer(node.type)
      const made: StepNode = {
        id: node.id,
        type: isContainer ? 'container' : 'step',
        position: place,
        data,
        width,
        height,
        measured: { width, height },
        selected: selected.has(node.id),
        zIndex: isContainer ? depth : depth + 1,
        ...(isInside && node.parentId !== undefined ? { parentId: node.parentId } : {}),
      }
      return this.remembered(made)
    })
  }

  toEdges(graph: Graph, kinds: Kinds, selected: ReadonlySet<string>): WireEdge[] {
    const byId = new Map(graph.nodes.map((node) => [node.id, node]))
    const inContainer = (edge: GraphEdge) => byId.get(edge.source)?.parentId !== undefined
    return graph.edges.flatMap((edge) => {
      const source = byId.get(edge.source)
      if (!source || !byId.has(edge.target)) return []
      const ports = kinds.portsOf(source)
      const handle = startOf(edge, ports)
      const key = `${handle} ${ports.length} ${selected.has(edge.id)} ${inContainer(edge)}`
      const before = this.edges.get(edge.id)
      if (before?.from === edge && before.key === key) return [before.edge]
      const made: WireEdge = {
        id: edge.id,
        type: 'wire',
        source: edge.source,
        target: edge.target,
        sourceHandle: handle,
        targetHandle: IN,
        selected: selected.has(edge.id),
        zIndex: inContainer(edge) ? 10 : 0,
        data: { kind: kindOf(edge), label: edgeLabel(edge) },
      }
      this.edges.set(edge.id, { from: edge, key, edge: made })
      return [made]
    })
  }

  /** What takes a while to find out, once for each document. */
  private indexOf(graph: Graph): Index {
    if (this.index?.graph === graph) return this.index
    const ids = new Set(graph.nodes.map((node) => node.id))
    const inOrder = graph.nodes.map((node) => ({
      node,
      depth: depthOf(graph, node),
      isInside: node.parentId !== undefined && ids.has(node.parentId),
    }))
    // A container comes before what it holds.
    inOrder.sort((a, b) => a.depth - b.depth)
    const out = new Map<string, GraphEdge[]>()
    for (const edge of graph.edges) out.set(edge.source, [...(out.get(edge.source) ?? []), edge])
    this.index = { graph, inOrder, out }
    return this.index
  }

  private dataOf(node: GraphNode, out: readonly GraphEdge[], kinds: Kinds): StepData {
    const known = kinds.portsOf(node)
    const named = out.filter((edge) => kindOf(edge) === 'flow').map((edge) => edge.sourceHandle ?? known[0] ?? 'out')
    return {
      label: labelOf(node),
      type: node.type,
      title: this.catalogue.titleOf(node.type),
      ports: [...new Set([...known, ...named])],
      isTrigger: this.catalogue.roleOf(node.type) === 'trigger',
      isKnown: this.catalogue.get(node.type) !== undefined,
      hasError: out.some((edge) => kindOf(edge) === 'error'),
      hasUndo: out.some((edge) => kindOf(edge) === 'compensate'),
      atLast: node.data?.policy?.['finally'] === true,
      isPinned: pinnedOf(node) !== null,
    }
  }

  private remembered(node: StepNode): StepNode {
    const key = JSON.stringify(node)
    const before = this.nodes.get(node.id)
    if (before?.key === key) return before.node
    const data = before && JSON.stringify(before.node.data) === JSON.stringify(node.data) ? before.node.data : node.data
    const made = { ...node, data }
    this.nodes.set(node.id, { key, node: made })
    return made
  }
}

function startOf(edge: GraphEdge, ports: readonly string[]): string {
  const kind = kindOf(edge)
  if (kind === 'error') return ERROR
  if (kind === 'compensate') return UNDO
  return handleOf(edge.sourceHandle ?? ports[0] ?? 'out')
}

function edgeLabel(edge: GraphEdge): string {
  if (kindOf(edge) === 'error') return edge.data?.error_classes?.join(', ') || 'on error'
  if (kindOf(edge) === 'compensate') return 'undone by'
  return edge.data?.when ? `if ${edge.data.when}` : ''
}
