import { memo, useCallback, useEffect, useMemo } from 'react'

import { useCatalogue } from '../app/catalogue'
import { setQuery, useQuery } from '../app/router'
import { useStore } from '../app/store'
import { Canvas } from '../canvas/canvas'
import type { Selection } from '../canvas/canvas'
import { noMarks } from '../canvas/marks'
import { isCrowded } from '../document/crowded'
import { tidied } from '../document/layout'
import { Failure } from '../ui/failure'
import '../styles/editor.css'
import '../styles/inspector.css'
import '../styles/execution.css'
import { ExecutionHead } from './execution-head'
import { Below } from './below'
import { followed } from './followed'
import { Past } from './past'
import { Scrubber, useAt } from './scrubber'
import { Side } from './side'
import { keyOf } from './steps'
import { Watching } from './watching'
import { Why } from './why'

const NO_VIEW = () => {}

/** One execution: its graph as it runs, its steps in time, and all there is to know of one of them. */
export default function ExecutionPage({ id }: { id: string }) {
  const watching = useMemo(() => new Watching(id), [id])
  useEffect(() => {
    void watching.begin()
    return () => watching.close()
  }, [watching])
  const past = useMemo(() => new Past(id), [id])
  useEffect(() => () => past.close(), [past])
  const execution = useStore(watching, (state) => state.execution)
  const error = useStore(watching, (state) => state.error)
  if (!execution) return error && <Failure error={error} onRetry={() => void watching.begin()} />
  return (
    <div className="execution">
      <ExecutionHead watching={watching} execution={execution} />
      <Why watching={watching} execution={execution} />
      <div className="execution-main">
        <section className="workbench">
          <Drawing watching={watching} past={past} />
          <Scrubber past={past} execution={execution} />
          <Below execution={execution} />
        </section>
        <Side watching={watching} execution={execution} />
      </div>
    </div>
  )
}

/** It follows each piece of news by marks alone: React draws anew what they are about, and not the page. */
const Drawing = memo(function Drawing({ watching, past }: { watching: Watching; past: Past }) {
  const catalogue = useCatalogue()
  const stored = useStore(watching, (state) => state.graph)
  const ports = useStore(watching, (state) => state.ports)
  const kinds = useMemo(() => catalogue.kinds(ports), [catalogue, ports])
  const graph = useMemo(() => (isCrowded(stored, kinds) ? tidied(stored, kinds) : stored), [stored, kinds])
  const marks = useMemo(noMarks, [])
  const at = useAt()
  useEffect(() => followed(marks, graph, watching, past, at), [marks, graph, watching, past, at])
  const chosen = useQuery('step')
  const selection = useMemo(() => selectionOf(chosen), [chosen])
  const select = useCallback(
    ({ nodes }: Selection) => {
      const [node] = [...nodes].filter((id) => !selection.nodes.has(id))
      if (node === undefined) return nodes.size === 0 && setQuery('step', '')
      const step = watching.get().live?.steps.find((found) => found.node_id === node)
      return setQuery('step', step ? keyOf(step) : node)
    },
    [watching, selection],
  )
  if (graph.nodes.length === 0) return <div className="canvas" />
  return (
    <div className="canvas" data-testid="canvas">
      <Canvas
        graph={graph}
        kinds={kinds}
        marks={marks}
        selection={selection}
        onSelect={select}
        onView={NO_VIEW}
        opensWhole
      />
    </div>
  )
})

function selectionOf(step: string): Selection {
  const node = step.split('/').at(-1)
  return { nodes: new Set(node ? [node] : []), edges: new Set() }
}
