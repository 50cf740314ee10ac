/** What React Flow tells of a person's gestures, in the words of the document. */

import type { Connection, EdgeChange, FinalConnectionState, NodeChange, ReactFlowInstance } from '@xyflow/react'
import { createRef } from 'react'
import type { DragEvent, MouseEvent as ReactMouseEvent } from 'react'

import { Store } from '../app/store'
import type { Kinds } from '../document/geometry'
import type { Graph, Point } from '../document/graph'
import { isNoteKey } from '../document/notes'
import type { Wish } from '../document/rules'
import { meaningOf } from './adapter'
import type { CanvasNode, WireEdge } from './adapter'
import type { NoteEdits } from './note-card'

/** What the palette puts on a drag. */
export const DRAGGED_TYPE = 'application/x-capstan-node-type'

/** What a person may do to the graph; a canvas without it only shows. */
export interface Edits {
  objection(wish: Wish): string | null
  connect(wish: Wish): void
  refused(reason: string): void
  /** An edge was let go over nothing. */
  connectToNew(wish: Omit<Wish, 'target'>, at: Point): void
  move(places: ReadonlyMap<string, Point>): void
  drop(type: string, at: Point): void
  insertOn(edgeId: string): void
  /** Asks what is to be put at a point. */
  insertAt(at: Point): void
  readonly notes: NoteEdits
}

export interface Selection {
  readonly nodes: ReadonlySet<string>
  readonly edges: ReadonlySet<string>
}

/** What is drawn, and may be done to it. */
export interface Drawn {
  graph: Graph
  kinds: Kinds
  selection: Selection
  onSelect: (selection: Selection) => void
  edits?: Edits
}

const NOTHING_DRAGGED: ReadonlyMap<string, Point> = new Map()

/**
 * Its functions stay the same while what they look at changes: given others, React Flow asks every node, edge and port
 * whether it is to be drawn anew, with each movement of the mouse.
 */
export class Gestures {
  /** The element that all of it is in. */
  readonly frame = createRef<HTMLDivElement>()
  /** Where nodes are that are being dragged. */
  readonly dragged = new Store({ places: NOTHING_DRAGGED })
  /** The edge that is pointed at. */
  readonly pointed = new Store<{ edge: string | null }>({ edge: null })

  constructor(
    private readonly flow: ReactFlowInstance<CanvasNode, WireEdge>,
    private drawn: Drawn,
  ) {}

  look(drawn: Drawn): void {
    this.drawn = drawn
  }

  readonly nodesChanged = (changes: NodeChange<CanvasNode>[]): void => {
    const places = changes.filter((change) => change.type === 'position' && change.dragging && change.position)
    if (places.length > 0) this.dragged.set({ places: new Map([...this.dragged.get().places, ...placesOf(places)]) })
    const { nodes, edges } = this.drawn.selection
    const picked = picks(this.drawn.edits ? changes : changes.filter(isOfStep), nodes)
    if (picked) this.select({ nodes: picked, edges })
  }

  readonly edgesChanged = (changes: EdgeChange<WireEdge>[]): void => {
    const { nodes, edges } = this.drawn.selection
    const picked = picks(changes, edges)
    if (picked) this.select({ nodes, edges: picked })
  }

  readonly dragStopped = (_event: unknown, _node: CanvasNode, moved: CanvasNode[]): void => this.drop(moved)

  readonly selectionDragStopped = (_event: unknown, moved: CanvasNode[]): void => this.drop(moved)

  readonly connected = (connection: Connection): void => this.drawn.edits?.connect(this.wishOf(connection))

  readonly isValid = (connection: Connection | WireEdge): boolean => {
    const { edits } = this.drawn
    return edits !== undefined && edits.objection(this.wishOf(connection)) === null
  }

  readonly connectEnded = (event: MouseEvent | TouchEvent, state: FinalConnectionState): void => {
    const { edits } = this.drawn
    if (!edits || state.isValid || !state.fromHandle || state.fromHandle.type !== 'source') return
    const wish = this.wishOf({
      source: state.fromHandle.nodeId,
      sourceHandle: state.fromHandle.id ?? null,
      target: state.toNode?.id ?? '',
    })
    if (state.toNode) return edits.refused(edits.objection(wish) ?? '')
    const point = 'changedTouches' in event ? event.changedTouches[0] : event
    if (point) edits.connectToNew(wish, this.flow.screenToFlowPosition({ x: point.clientX, y: point.clientY }))
  }

  readonly draggedOver = (event: DragEvent): void => {
    if (this.drawn.edits && event.dataTransfer.types.includes(DRAGGED_TYPE)) event.preventDefault()
  }

  readonly dropped = (event: DragEvent): void => {
    const type = event.dataTransfer.getData(DRAGGED_TYPE)
    if (!type || !this.drawn.edits) return
    event.preventDefault()
    this.drawn.edits.drop(type, this.flow.screenToFlowPosition({ x: event.clientX, y: event.clientY }))
  }

  readonly paneMenu = (event: MouseEvent | ReactMouseEvent): void => {
    if (!this.drawn.edits) return
    event.preventDefault()
    this.drawn.edits.insertAt(this.flow.screenToFlowPosition({ x: event.clientX, y: event.clientY }))
  }

  readonly pointedAt = (_event: unknown, { id }: WireEdge): void => this.pointed.set({ edge: id })

  readonly pointedAway = (): void => this.pointed.set({ edge: null })

  /** The canvas itself is dragged. A button that is only held down moves nothing: then a step may have been clicked. */
  readonly moved = (event: MouseEvent | TouchEvent | null): void => {
    const isDragged = event?.type === 'mousemove' || event?.type === 'touchmove'
    if (isDragged) this.frame.current?.setAttribute('data-moving', '')
  }

  readonly moveEnded = (): void => this.frame.current?.removeAttribute('data-moving')

  /** What is selected is told in two parts, of which the second must know the first. */
  private select(selection: Selection): void {
    this.drawn = { ...this.drawn, selection }
    this.drawn.onSelect(selection)
  }

  private drop(nodes: CanvasNode[]): void {
    this.drawn.edits?.move(new Map(nodes.map((node) => [node.id, node.position])))
    this.dragged.set({ places: NOTHING_DRAGGED })
  }

  private wishOf(from: { source: string; sourceHandle?: string | null | undefined; target: string }): Wish {
    const { graph, kinds } = this.drawn
    const source = graph.nodes.find((node) => node.id === from.source)
    const ports = source ? kinds.portsOf(source) : []
    return { source: from.source, target: from.target, ...meaningOf(from.sourceHandle, ports) }
  }
}

/** Where one only looks, there is nothing to be chosen of a note. */
function isOfStep(change: NodeChange<CanvasNode>): boolean {
  return !('id' in change && isNoteKey(change.id))
}

function placesOf(changes: NodeChange<CanvasNode>[]): [string, Point][] {
  return changes.flatMap((change) =>
    change.type === 'position' && change.position ? [[change.id, change.position]] : [],
  )
}

/** The selection after these changes; nothing if they are about something else. */
function picks(changes: { type: string }[], before: ReadonlySet<string>): ReadonlySet<string> | null {
  const selects = changes.filter((change) => change.type === 'select') as unknown as { id: string; selected: boolean }[]
  if (selects.length === 0) return null
  const picked = new Set(before)
  for (const { id, selected } of selects)
    if (selected) picked.add(id)
    else picked.delete(id)
  return picked
}
