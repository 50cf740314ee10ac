import { Background, BackgroundVariant, MiniMap, ReactFlow, ReactFlowProvider, useReactFlow } from '@xyflow/react'
import type { ReactFlowInstance } from '@xyflow/react'
import { useCallback, useEffect, useLayoutEffect, useMemo, useState } from 'react'
import type { ReactNode } from 'react'

import { useCatalogue } from '../app/catalogue'
import { useStore } from '../app/store'
import { Adapter } from './adapter'
import type { CanvasNode, WireEdge } from './adapter'
import { FarProvider, useCrossing } from './far'
import { Gestures } from './gestures'
import type { Drawn, Selection } from './gestures'
import { MarksProvider } from './marks'
import type { Marks } from './marks'
import { NoteCard, NotesProvider } from './note-card'
import { openAt } from './opening'
import { ContainerCard, StepCard } from './step-node'
import { viewOf } from './view'
import type { CanvasView } from './view'
import { InsertProvider, PointedProvider, Wire } from './wire'
import '../styles/canvas.css'

export { DRAGGED_TYPE } from './gestures'
export type { Edits, Selection } from './gestures'
export type { NoteEdits } from './note-card'

const NODE_TYPES = { step: StepCard, container: ContainerCard, note: NoteCard }
const EDGE_TYPES = { wire: Wire }
const MINI = { width: 160, height: 100 }
const GRID: [number, number] = [8, 8]
const PRO = { hideAttribution: false }
const NOBODY: ReadonlySet<string> = new Set()

interface Props extends Drawn {
  marks: Marks
  onView: (view: CanvasView) => void
  /** Whether all of it is seen at first, however small. */
  opensWhole?: boolean
  children?: ReactNode
}

export function Canvas(props: Props) {
  return (
    <ReactFlowProvider>
      <MarksProvider value={props.marks}>
        <InsertProvider value={props.edits?.insertOn ?? null}>
          <NotesProvider value={props.edits?.notes ?? null}>
            <Drawing {...props} />
          </NotesProvider>
        </InsertProvider>
      </MarksProvider>
    </ReactFlowProvider>
  )
}

/** Whatever is given to React Flow stays the same object as long as it says the same. */
function Drawing(props: Props) {
  const { graph, kinds, selection, onView, edits, opensWhole = false, children } = props
  const catalogue = useCatalogue()
  const flow = useReactFlow<CanvasNode, WireEdge>()
  const adapter = useMemo(() => new Adapter(catalogue), [catalogue])
  const [gestures] = useState(() => new Gestures(flow, props))
  useLayoutEffect(() => gestures.look(props))
  const dragged = useStore(gestures.dragged, (state) => state.places)
  const steps = useMemo(
    () => adapter.toNodes(graph, kinds, selection.nodes, dragged),
    [adapter, graph, kinds, selection.nodes, dragged],
  )
  const notes = useMemo(
    () => adapter.toNotes(graph, selection.nodes, dragged),
    [adapter, graph, selection.nodes, dragged],
  )
  const nodes = useMemo(() => [...notes, ...steps], [notes, steps])
  const chosen = chosenOf(selection)
  const edges = useMemo(
    () => adapter.toEdges(graph, kinds, selection.edges, chosen),
    [adapter, graph, kinds, selection.edges, chosen],
  )
  const opened = useCallback(
    (made: ReactFlowInstance<CanvasNode, WireEdge>) =>
      openAt(made, gestures.frame.current?.getBoundingClientRect() ?? new DOMRect(), opensWhole),
    [gestures, opensWhole],
  )
  const view = useMemo(() => viewOf(flow), [flow])
  useEffect(() => onView(view), [view, onView])
  // What opens beside the canvas takes room from it: the step that was meant stays in sight.
  const clicked = useCallback(
    (_event: unknown, { id, type }: CanvasNode) => {
      if (type === 'step') view.reveal(id)
    },
    [view],
  )
  return (
    <FarProvider value={useCrossing()}>
      <PointedProvider value={gestures.pointed}>
        <ReactFlow<CanvasNode, WireEdge>
          ref={gestures.frame}
          nodes={nodes}
          edges={edges}
          nodeTypes={NODE_TYPES}
          edgeTypes={EDGE_TYPES}
          onNodesChange={gestures.nodesChanged}
          onEdgesChange={gestures.edgesChanged}
          onNodeClick={clicked}
          onNodeDragStop={gestures.dragStopped}
          onSelectionDragStop={gestures.selectionDragStopped}
          onConnect={gestures.connected}
          onConnectEnd={gestures.connectEnded}
          isValidConnection={gestures.isValid}
          onPaneContextMenu={gestures.paneMenu}
          onEdgeMouseEnter={gestures.pointedAt}
          onEdgeMouseLeave={gestures.pointedAway}
          onMove={gestures.moved}
          onMoveEnd={gestures.moveEnded}
          onDragOver={gestures.draggedOver}
          onDrop={gestures.dropped}
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
          onInit={opened}
          connectionRadius={28}
          snapToGrid
          snapGrid={GRID}
          proOptions={PRO}
        >
          <Background variant={BackgroundVariant.Dots} gap={24} size={1.4} color="var(--line-strong)" />
          <MiniMap<CanvasNode>
            pannable
            zoomable
            ariaLabel="Overview"
            nodeClassName={miniOf}
            nodeBorderRadius={10}
            style={MINI}
          />
          {children}
        </ReactFlow>
      </PointedProvider>
    </FarProvider>
  )
}

function miniOf(node: CanvasNode): string {
  if (node.type === 'note') return 'mini note-mini'
  return node.type === 'container' ? 'mini outer' : 'mini'
}

/** The one node that is worked with: with many, there would be as many places to put a step in. */
function chosenOf({ nodes }: Selection): ReadonlySet<string> {
  return nodes.size === 1 ? nodes : NOBODY
}
