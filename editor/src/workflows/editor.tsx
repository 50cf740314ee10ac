import { useCallback, useEffect, useMemo } from 'react'

import type { Workflow } from '../api/types'
import { useCommands } from '../app/commands'
import { useStore } from '../app/store'
import { Canvas } from '../canvas/canvas'
import { setMarks } from '../canvas/marks'
import type { CanvasView } from '../canvas/view'
import { Inspector } from '../inspector/inspector'
import { IconButton } from '../ui/icon-button'
import { Tabs } from '../ui/tabs'
import { nodeMarks as stepMarks } from '../executions/steps'
import { Asked } from './asked'
import { BasisBar } from './basis-bar'
import { Conflict } from './conflict'
import { ConnectBar } from './connect-bar'
import { useKeyboardConnect } from './connecting'
import type { Editing, Panel } from './editing'
import { useFindings } from './findings'
import { editorCommands } from './editor-commands'
import { canvasKey, copyEvent, pageKey, pasteEvent } from './keys'
import { Outline } from './outline'
import { Palette } from './palette'
import { nodeMarks } from './problem-marks'
import { Problems } from './problems'
import { RuleBar } from './rule-bar'
import { Simulation } from './simulation'
import { TopBar } from './top-bar'

const PANELS: [Panel, string][] = [
  ['palette', 'Add'],
  ['outline', 'Outline'],
]

/** The whole editor of one draft. */
export function Editor({ editing, rule }: { editing: Editing; rule: Workflow['rule'] }) {
  const findings = useFindings(editing)
  const connecting = useKeyboardConnect(editing)
  useCommands(useCallback(() => editorCommands(editing), [editing]))
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => pageKey(editing, event)
    addEventListener('keydown', pressed)
    return () => removeEventListener('keydown', pressed)
  }, [editing])
  return (
    <div className="editor">
      <TopBar editing={editing} />
      {rule && <RuleBar rule={rule} />}
      <Conflict editing={editing} />
      <BasisBar editing={editing} />
      <div className="editor-main">
        <Side editing={editing} />
        <section className="workbench">
          <Work editing={editing} connecting={connecting} />
          <Simulation editing={editing} />
          <Problems editing={editing} findings={findings} />
        </section>
        <Inspector editing={editing} />
      </div>
      <Asked editing={editing} />
      <Heard editing={editing} />
    </div>
  )
}

function Work({ editing, connecting }: { editing: Editing; connecting: ReturnType<typeof useKeyboardConnect> }) {
  const { draft } = editing
  const graph = useStore(draft, (state) => state.history.present)
  const ports = useStore(draft, (state) => state.ports)
  const problems = useStore(draft, (state) => state.problems)
  const selection = useStore(editing, (state) => state.selection)
  const kinds = useMemo(() => editing.catalogue.kinds(ports), [editing, ports])
  const onView = useCallback((view: CanvasView) => void (editing.view = view), [editing])
  const simulated = useStore(editing, (state) => state.simulated)
  useEffect(() => {
    const marks = simulated ? stepMarks(graph, simulated.result.steps) : nodeMarks(problems, connecting.candidate)
    setMarks(editing.marks, marks)
  }, [editing, graph, simulated, problems, connecting.candidate])
  return (
    <div
      className="canvas"
      tabIndex={0}
      role="application"
      aria-label="Canvas: arrows go from step to step, A adds one, C connects, ? shows all keys"
      data-testid="canvas"
      onCopy={(event) => copyEvent(editing, event)}
      onCut={(event) => copyEvent(editing, event)}
      onPaste={(event) => pasteEvent(editing, event)}
      onKeyDown={(event) => connecting.key(event) || canvasKey(editing, connecting, event)}
    >
      <Canvas
        graph={graph}
        kinds={kinds}
        marks={editing.marks}
        selection={selection}
        onSelect={editing.select}
        onView={onView}
        {...(editing.isReadOnly ? {} : { edits: editing })}
      />
      <ConnectBar connecting={connecting} />
      {graph.nodes.length === 0 && <p className="canvas-hint">Drag a trigger here, or press A.</p>}
      <div className="zoom" role="group" aria-label="View">
        <IconButton icon="add" label="Zoom in" onClick={() => editing.view?.zoomIn()} />
        <IconButton icon="dash" label="Zoom out" onClick={() => editing.view?.zoomOut()} />
        <IconButton icon="fit" label="Show all" onClick={() => editing.view?.fit()} />
      </div>
    </div>
  )
}

function Side({ editing }: { editing: Editing }) {
  const panel = useStore(editing, (state) => state.panel)
  return (
    <aside className="side">
      <Tabs tabs={PANELS} chosen={panel} onChoose={(chosen) => editing.set({ panel: chosen })} />
      {panel === 'palette' ? <Palette editing={editing} /> : <Outline editing={editing} />}
    </aside>
  )
}

function Heard({ editing }: { editing: Editing }) {
  const heard = useStore(editing, (state) => state.heard)
  return (
    <p className="visually-hidden" aria-live="polite">
      {heard}
    </p>
  )
}
