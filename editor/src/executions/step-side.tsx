import { useState } from 'react'

import type { Execution, Step } from '../api/types'
import { setQuery } from '../app/router'
import { useStore } from '../app/store'
import { useCan } from '../app/who'
import { iconOf } from '../canvas/categories'
import { nodeById } from '../document/graph'
import { Fact, Facts } from '../ui/facts'
import { Icon } from '../ui/icon'
import { IconButton } from '../ui/icon-button'
import { JsonView } from '../ui/json-view'
import { StatusChip } from '../ui/status'
import { Tabs } from '../ui/tabs'
import { clock, dateTime } from '../ui/time'
import { Answering } from './answering'
import { Attempts } from './attempts'
import { Restart } from './restart'
import { StepLogs } from './step-logs'
import { hasEnded, keyOf, portsOf } from './steps'
import { Took } from './took'
import type { Watching } from './watching'

interface Props {
  watching: Watching
  execution: Execution
  step: Step
}

const TABS = ['Overview', 'Input', 'Output', 'Attempts', 'Logs', 'Settings'] as const
type Tab = (typeof TABS)[number]

/** All there is to know of one step; what went wrong comes first. */
export function StepSide({ watching, execution, step }: Props) {
  const [tab, setTab] = useState<Tab>('Overview')
  const others = execution.steps.filter((other) => other.node_id === step.node_id)
  return (
    <aside className="inspector" aria-label="Step" data-testid="step">
      <header>
        <Icon name={iconOf(step.type)} />
        <div>
          <h2>{step.label}</h2>
          <p>
            <StatusChip status={step.status} /> <code>{keyOf(step)}</code>
          </p>
        </div>
        <IconButton icon="close" label="Close" onClick={() => setQuery('step', '')} />
      </header>
      {others.length > 1 && (
        <select
          className="scope"
          aria-label="Which run of this step"
          value={keyOf(step)}
          onChange={(event) => setQuery('step', event.target.value)}
        >
          {others.map((other) => (
            <option key={keyOf(other)} value={keyOf(other)}>
              {other.scope || 'outside'}: {other.status}
            </option>
          ))}
        </select>
      )}
      <Tabs tabs={TABS.map((name) => [name, name])} chosen={tab} onChoose={setTab} />
      <div className="inspector-body" role="tabpanel">
        <TabBody watching={watching} execution={execution} step={step} tab={tab} />
      </div>
    </aside>
  )
}

function TabBody({ watching, execution, step, tab }: Props & { tab: Tab }) {
  const graph = useStore(watching, (state) => state.graph)
  switch (tab) {
    case 'Overview':
      return <Overview watching={watching} execution={execution} step={step} />
    case 'Input':
      return <CameIn watching={watching} execution={execution} step={step} />
    case 'Output':
      return step.output_truncated ? (
        <p className="faint">It gave back more than is shown here.</p>
      ) : (
        <JsonView value={step.output} />
      )
    case 'Attempts':
      return <Attempts executionId={execution.id} step={step} isOver={hasEnded(execution)} />
    case 'Logs':
      return <StepLogs executionId={execution.id} step={step} isOver={hasEnded(execution)} />
    case 'Settings':
      return <JsonView value={nodeById(graph, step.node_id)?.data ?? {}} />
  }
}

function Overview({ watching, execution, step }: Props) {
  const [isRestarting, setRestarting] = useState(false)
  const mayOperate = useCan('executions.operate')
  return (
    <>
      {step.error && (
        <div className="failure">
          <strong>{step.error.class}</strong>
          <p>{step.error.reason}</p>
        </div>
      )}
      <Facts>
        <Fact name="Went on at">{portsOf(step)}</Fact>
        <Fact name="Fired">{step.fired_at && clock(step.fired_at)}</Fact>
        <Fact name="Settled">{step.settled_at && clock(step.settled_at)}</Fact>
        <Fact name="Took">{step.fired_at && <Took from={step.fired_at} to={step.settled_at} />}</Fact>
        <Fact name={step.settled_at ? 'Attempts' : 'Failed attempts'}>{step.attempts || null}</Fact>
        <Fact name="Next attempt">{step.retry_at && clock(step.retry_at)}</Fact>
        <Fact name="Waits for signal">{waitingFor(step, 'signal')}</Fact>
        <Fact name="Waits until">{waitingFor(step, 'time')}</Fact>
      </Facts>
      <Answering watching={watching} execution={execution} step={step} />
      {hasEnded(execution) && step.scope === '' && (
        <button type="button" disabled={!mayOperate} onClick={() => setRestarting(true)}>
          <Icon name="retry" /> Restart from here…
        </button>
      )}
      {isRestarting && (
        <Restart watching={watching} execution={execution} from={step.node_id} onClose={() => setRestarting(false)} />
      )}
    </>
  )
}

function waitingFor(step: Step, what: 'signal' | 'time'): string | null {
  const value = step.waiting?.[what]
  if (typeof value !== 'string' || value.startsWith('$')) return null
  return what === 'time' ? dateTime(value) : value
}

/** What the steps before it gave, and what the execution began with. */
function CameIn({ watching, execution, step }: Props) {
  const graph = useStore(watching, (state) => state.graph)
  const before = new Set(graph.edges.filter((edge) => edge.target === step.node_id).map((edge) => edge.source))
  const given = execution.steps.filter((other) => before.has(other.node_id) && other.scope === step.scope)
  return (
    <>
      {given.map((other) => (
        <section key={keyOf(other)}>
          <h3>
            {other.label} <code>steps.{other.node_id}</code>
          </h3>
          <JsonView value={other.output} />
        </section>
      ))}
      <h3>
        The execution <code>input</code>
      </h3>
      <JsonView value={execution.input} />
    </>
  )
}
