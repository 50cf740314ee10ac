/** From a document to what React Flow draws. The document is the truth; nothing is read back from here but places. */

import type { Edge, Node } from '@xyflow/react'

import type { Catalogue } from '../app/catalogue'
import { depthOf, sizeOf } from '../document/geometry'
import type { Kinds } from '../document/geometry'
import { kindOf, labelOf } from '../document/graph'
import type { EdgeKind, Graph, GraphEdge, GraphNode, Note, Point } from '../document/graph'
import { colorOf, noteKey, noteSize } from '../document/notes'
import type { NoteColor } from '../document/notes'
import { pinnedOf } from '../document/pinned'
import { ERROR, IN, UNDO, handleOf, handlesOf, portOf } from './handles'

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
  /** What is said of it, for people; empty if nothing is. */
  note: string
}
export type StepNode = Node<StepData, 'step' | 'container'>
export type NoteData = { id: string; text: string; color: NoteColor }
export type NoteNode = Node<NoteData, 'note'>
export type CanvasNode = StepNode | NoteNode

/** `isOpen`: whether a step can be put in without pointing at the edge first. */
export type WireData = { kind: EdgeKind; label: string; isOpen: boolean }
export type WireEdge = Edge<WireData, 'wire'>

/** What a handle at the beginning of an edge means; the first port is not named in the document. */
export function meaningOf(
  handle: string | null | undefined,
  ports: readonly string[],
): { kind: EdgeKind; port: string | null } {
  if (handle === ERROR) return { kind: 'error', port: null }
  if (handle === UNDO) return { kind: 'compensate', port: null }
  const port = portOf(handle)
  return { kind: 'flow', port: port === ports[0] && ports.length === 1 ? null : port }
}

/** A node but for what changes while it is worked with: its place, and whether it is selected. */
type Lasting = Omit<StepNode, 'position' | 'selected'>

interface Drawn {
  graph: Graph
  kinds: Kinds
  nodes: { node: GraphNode; lasting: Lasting }[]
}

const NOBODY: ReadonlySet<string> = new Set()
/** Behind edges and steps; React Flow draws what is selected that much farther in front. */
const BEHIND = -1
const RAISED = 1000

/** Remembers what it made, so that what did not change stays the same object and is not drawn again. */
export class Adapter {
  private drawn: Drawn | null = null
  private readonly lasting = new Map<string, { key: string; lasting: Lasting }>()
  private readonly nodes = new Map<string, { lasting: Lasting; node: StepNode }>()
  private readonly notes = new Map<string, { from: Note; node: NoteNode }>()
  private readonly edges = new Map<string, { from: GraphEdge; key: string; edge: WireEdge }>()

  constructor(private readonly catalogue: Catalogue) {}

  toNodes(graph: Graph, kinds: Kinds, selected: ReadonlySet<string>, dragged: ReadonlyMap<string, Point>): StepNode[] {
    return this.drawnOf(graph, kinds).map(({ node: { id, position }, lasting }) => {
      const place = dragged.get(id) ?? position
      const isSelected = selected.has(id)
      const before = this.nodes.get(id)
      const isSame =
        before?.lasting === lasting &&
        before.node.selected === isSelected &&
        before.node.position.x === place.x &&
        before.node.position.y === place.y
      if (isSame) return before.node
      const node: StepNode = { ...lasting, position: place, selected: isSelected }
      this.nodes.set(id, { lasting, node })
      return node
    })
  }

  toNotes(graph: Graph, selected: ReadonlySet<string>, dragged: ReadonlyMap<string, Point>): NoteNode[] {
    return graph.notes.map((note) => {
      const id = noteKey(note.id)
      const [position, isSelected] = [dragged.get(id) ?? note.position, selected.has(id)]
      const before = this.notes.get(id)
      const isSame =
        before?.from === note &&
        before.node.selected === isSelected &&
        before.node.position.x === position.x &&
        before.node.position.y === position.y
      if (isSame) return before.node
      const size = noteSize(note)
      const node: NoteNode = {
        id,
        type: 'note',
        position,
        ...size,
        measured: size,
        handles: [],
        data: { id: note.id, text: note.text, color: colorOf(note) },
        selected: isSelected,
        connectable: false,
        zIndex: isSelected ? BEHIND - RAISED : BEHIND,
      }
      this.notes.set(id, { from: note, node })
      return node
    })
  }

  /** `chosen`: the node that is worked with, whose edges are open for a step to be put in. */
  toEdges(graph: Graph, kinds: Kinds, selected: ReadonlySet<string>, chosen = NOBODY): WireEdge[] {
    const byId = new Map(graph.nodes.map((node) => [node.id, node]))
    return graph.edges.flatMap((edge) => {
      const source = byId.get(edge.source)
      if (!source || !byId.has(edge.target)) return []
      const handle = startOf(edge, kinds.portsOf(source))
      const [isSelected, isInside] = [selected.has(edge.id), source.parentId !== undefined]
      const isOpen = chosen.has(edge.source) || isSelected
      const key = `${handle} ${isSelected} ${isInside} ${isOpen}`
      const before = this.edges.get(edge.id)
      if (before?.from === edge && before.key === key) return [before.edge]
      const made: WireEdge = {
        id: edge.id,
        type: 'wire',
        source: edge.source,
        target: edge.target,
        sourceHandle: handle,
        targetHandle: IN,
        selected: isSelected,
        zIndex: isInside ? 10 : 0,
        data: { kind: kindOf(edge), label: edgeLabel(edge), isOpen },
      }
      this.edges.set(edge.id, { from: edge, key, edge: made })
      return [made]
    })
  }

  /** What takes a while to find out, once for each document. */
  private drawnOf(graph: Graph, kinds: Kinds): Drawn['nodes'] {
    if (this.drawn?.graph === graph && this.drawn.kinds === kinds) return this.drawn.nodes
    const ids = new Set(graph.nodes.map((node) => node.id))
    const out = new Map<string, GraphEdge[]>()
    for (const edge of graph.edges) out.set(edge.source, [...(out.get(edge.source) ?? []), edge])
    const nodes = graph.nodes.map((node) => {
      const depth = depthOf(graph, node)
      const { width, height } = sizeOf(graph, node, kinds)
      const isContainer = kinds.isContainer(node.type)
      const data = this.dataOf(node, out.get(node.id) ?? [], kinds)
      const lasting: Lasting = {
        id: node.id,
        type: isContainer ? 'container' : 'step',
        data,
        width,
        height,
        measured: { width, height },
        handles: handlesOf({ width, height }, data.ports, data.isTrigger),
        zIndex: isContainer ? depth : depth + 1,
        ...(node.parentId !== undefined && ids.has(node.parentId) ? { parentId: node.parentId } : {}),
      }
      return { node, depth, lasting: this.remembered(lasting) }
    })
    // A container comes before what it holds.
    nodes.sort((a, b) => a.depth - b.depth)
    this.drawn = { graph, kinds, nodes }
    return nodes
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
      note: typeof node.data?.['note'] === 'string' ? node.data['note'] : '',
    }
  }

  private remembered(lasting: Lasting): Lasting {
    const key = JSON.stringify(lasting)
    const before = this.lasting.get(lasting.id)
    if (before?.key === key) return before.lasting
    this.lasting.set(lasting.id, { key, lasting })
    return lasting
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
