import { Background, BackgroundVariant, MiniMap, ReactFlow, ReactFlowProvider, useReactFlow } from '@xyflow/react'
import type { EdgeChange, FinalConnectionState, NodeChange } from '@xyflow/react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { DragEvent, ReactNode } from 'react'

import { useCatalogue } from '../app/catalogue'
import type { Kinds } from '../document/geometry'
import type { Graph, Point } from '../document/graph'
import type { Wish } from '../document/rules'
import { Adapter, meaningOf } from './adapter'
import type { StepNode, WireEdge } from './adapter'
import { MarksProvider } from './marks'
import type { Marks } from './marks'
import { openAt } from './opening'
import { ContainerCard, StepCard } from './step-node'
import { viewOf } from './view'
import type { CanvasView } from './view'
import { InsertProvider, Wire } from './wire'
import '../styles/canvas.css'

const NODE_TYPES = { step: StepCard, container: ContainerCard }
const EDGE_TYPES = { wire: Wire }
const MINI = { width: 160, height: 100 }
const NOTHING_DRAGGED: ReadonlyMap<string, Point> = new Map()
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
}

export interface Selection {
  readonly nodes: ReadonlySet<string>
  readonly edges: ReadonlySet<string>
}

interface Props {
  graph: Graph
  kinds: Kinds
  marks: Marks
  selection: Selection
  onSelect: (selection: Selection) => void
  onView: (view: CanvasView) => void
  edits?: Edits
  /** Whether all of it is seen at first, however small. */
  opensWhole?: boolean
  children?: ReactNode
}

export function Canvas(props: Props) {
  return (
    <ReactFlowProvider>
      <MarksProvider value={props.marks}>
        <InsertProvider value={props.edits?.insertOn ?? null}>
          <Drawing {...props} />
        </InsertProvider>
      </MarksProvider>
    </ReactFlowProvider>
  )
}

function Drawing({ graph, kinds, selection, onSelect, onView, edits, opensWhole = false, children }: Props) {
  const catalogue = useCatalogue()
  const flow = useReactFlow<StepNode, WireEdge>()
  const adapter = useMemo(() => new Adapter(catalogue), [catalogue])
  const [dragged, setDragged] = useState(NOTHING_DRAGGED)
  const frame = useRef<HTMLDivElement>(null)
  const nodes = adapter.toNodes(graph, kinds, selection.nodes, dragged)
  const edges = adapter.toEdges(graph, kinds, selection.edges)
  useEffect(() => onView(viewOf(flow)), [flow, onView])

  const nodesChanged = useCallback(
    (changes: NodeChange<StepNode>[]) => {
      const places = changes.filter((change) => change.type === 'position' && change.dragging && change.position)
      if (places.length > 0) setDragged((before) => new Map([...before, ...placesOf(places)]))
      const picked = picks(changes, selection.nodes)
      if (picked) onSelect({ nodes: picked, edges: selection.edges })
    },
    [selection, onSelect],
  )
  const edgesChanged = useCallback(
    (changes: EdgeChange<WireEdge>[]) => {
      const picked = picks(changes, selection.edges)
      if (picked) onSelect({ nodes: selection.nodes, edges: picked })
    },
    [selection, onSelect],
  )
  const dragStopped = (moved: StepNode[]) => {
    edits?.move(new Map(moved.map((node) => [node.id, node.position])))
    setDragged(NOTHING_DRAGGED)
  }
  const wishOf = (from: { source: string; sourceHandle?: string | null | undefined; target: string }): Wish => {
    const source = graph.nodes.find((node) => node.id === from.source)
    const ports = source ? kinds.portsOf(source) : []
    return { source: from.source, target: from.target, ...meaningOf(from.sourceHandle, ports) }
  }
  const connectEnded = (event: MouseEvent | TouchEvent, state: FinalConnectionState) => {
    if (!edits || state.isValid || !state.fromHandle || state.fromHandle.type !== 'source') return
    const wish = wishOf({
      source: state.fromHandle.nodeId,
      sourceHandle: state.fromHandle.id ?? null,
      target: state.toNode?.id ?? '',
    })
    if (state.toNode) return edits.refused(edits.objection(wish) ?? '')
    const point = 'changedTouches' in event ? event.changedTouches[0] : event
    if (point) edits.connectToNew(wish, flow.screenToFlowPosition({ x: point.clientX, y: point.clientY }))
  }
  const dropped = (event: DragEvent) => {
    const type = event.dataTransfer.getData(DRAGGED_TYPE)
    if (!type || !edits) return
    event.preventDefault()
    edits.drop(type, flow.screenToFlowPosition({ x: event.clientX, y: event.clientY }))
  }
  return (
    <ReactFlow<StepNode, WireEdge>
      ref={frame}
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      edgeTypes={EDGE_TYPES}
      onNodesChange={nodesChanged}
      onEdgesChange={edgesChanged}
      onNodeDragStop={(_event, _node, moved) => dragStopped(moved)}
      onSelectionDragStop={(_event, moved) => dragStopped(moved)}
      onConnect={(connection) => edits?.connect(wishOf(connection))}
      onConnectEnd={connectEnded}
      isValidConnection={(connection) => edits !== undefined && edits.objection(wishOf(connection)) === null}
      onDragOver={(event) => edits && event.dataTransfer.types.includes(DRAGGED_TYPE) && event.preventDefault()}
      onDrop={dropped}
      nodesDraggable={edits !== undefined}
      nodesConnectable={edits !== undefined}
      nodesFocusable={false}
      edgesFocusable={false}
      disableKeyboardA11y
      deleteKeyCode={null}
      selectionKeyCode="Shift"
      panActivationKeyCode={null}
      minZoom={0.1}
      maxZoom={1.6}
      onInit={(made) => openAt(made, frame.current?.getBoundingClientRect() ?? new DOMRect(), opensWhole)}
      connectionRadius={28}
      snapToGrid
      snapGrid={[8, 8]}
      proOptions={{ hideAttribution: false }}
    >
      <Background variant={BackgroundVariant.Dots} gap={24} size={1.4} color="var(--line-strong)" />
      <MiniMap<StepNode>
        pannable
        zoomable
        ariaLabel="Overview"
        nodeClassName={(node) => (node.type === 'container' ? 'mini outer' : 'mini')}
        nodeBorderRadius={10}
        style={MINI}
      />
      {children}
    </ReactFlow>
  )
}

function placesOf(changes: NodeChange<StepNode>[]): [string, Point][] {
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
