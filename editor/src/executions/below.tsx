import { useDeferredValue } from 'react'

import type { Execution } from '../api/types'
import { useLoad } from '../app/load'
import { setQuery, useQuery } from '../app/router'
import { Failure } from '../ui/failure'
import { Tabs } from '../ui/tabs'
import { clock } from '../ui/time'
import { allLogs } from './all-logs'
import { hasEnded, keyOf } from './steps'
import { Timeline } from './timeline'

const TABS = [
  ['timeline', 'Timeline'],
  ['log', 'Log'],
] as const

/** Below the graph: its steps in time, or what all of them wrote. Both show the step that is chosen, and choose one. */
export function Below({ execution }: { execution: Execution }) {
  const chosen = useQuery('below') === 'log' ? 'log' : 'timeline'
  // Hundreds of rows are drawn in pieces, between which what is urgent goes first.
  const settled = useDeferredValue(execution)
  return (
    <section className="below" aria-label="Timeline and log">
      <Tabs
        tabs={TABS}
        chosen={chosen}
        label="Below the graph"
        onChoose={(tab) => setQuery('below', tab === 'log' ? tab : '')}
      />
      <div className="below-body" role="tabpanel" aria-label={chosen === 'log' ? 'Log' : 'Timeline'} tabIndex={0}>
        {chosen === 'log' ? <Log execution={settled} /> : <Timeline execution={settled} />}
      </div>
    </section>
  )
}

function Log({ execution }: { execution: Execution }) {
  const isOver = hasEnded(execution)
  const loaded = useLoad(() => allLogs(execution.id), `logs ${execution.id} ${isOver}`, isOver ? 0 : 2_000)
  const chosen = useQuery('step')
  const labels = new Map(execution.steps.map((step) => [keyOf(step), step.label]))
  if (loaded.error) return <Failure error={loaded.error} onRetry={loaded.reload} />
  if (loaded.value?.length === 0) return <p className="empty-line">No step wrote anything.</p>
  return (
    <ol className="log" data-testid="log">
      {loaded.value?.map((line) => (
        <li key={line.log_id} data-level={line.level} aria-current={chosen === keyOf(line)}>
          <time dateTime={line.created_at}>{clock(line.created_at)}</time>
          <span title={`attempt ${line.attempt}`}>{line.level}</span>
          <button type="button" onClick={() => setQuery('step', keyOf(line))}>
            {labels.get(keyOf(line)) ?? line.node_id}
          </button>
          <pre>{line.message}</pre>
        </li>
      ))}
    </ol>
  )
}
