import type { Simulated } from '../api/trying'
import type { Step } from '../api/types'
import { useStore } from '../app/store'
import { keyOf, portsOf } from '../executions/steps'
import { sentence } from '../ui/failure'
import { Icon } from '../ui/icon'
import { IconButton } from '../ui/icon-button'
import { JsonView } from '../ui/json-view'
import { StatusChip } from '../ui/status'
import { between } from '../ui/time'
import type { Editing } from './editing'

/** More rows would be no help. */
const ROWS_MAX = 300

/** What a simulation came to, step by step; the canvas shows it, too, until one leaves it. */
export function Simulation({ editing }: { editing: Editing }) {
  const shown = useStore(editing, (state) => state.simulated)
  const revision = useStore(editing.draft, (state) => state.revision)
  if (!shown) return null
  const { result } = shown
  const steps = result.steps.filter((step) => step.status !== 'skipped')
  return (
    <section className="simulation" aria-label="Simulation" data-testid="simulation">
      <header>
        {result.status === 'stopped' ? <strong>Stopped</strong> : <StatusChip status={result.status} />}
        <p>
          Simulated, without any effect. {told(result)}
          {revision !== shown.revision && ' The draft has changed since.'}
        </p>
        <button type="button" onClick={() => editing.ask({ what: 'try' })}>
          <Icon name="retry" /> Again…
        </button>
        <IconButton icon="close" label="Leave the simulation" onClick={() => editing.set({ simulated: null })} />
      </header>
      <ol>
        {steps.slice(0, ROWS_MAX).map((step) => (
          <StepRow key={keyOf(step)} editing={editing} step={step} />
        ))}
      </ol>
    </section>
  )
}

function StepRow({ editing, step }: { editing: Editing; step: Step }) {
  return (
    <li>
      <details>
        <summary>
          <StatusChip status={step.status} /> {step.label} {step.scope && <code>{step.scope}</code>}
          {step.port && <span className="faint">on {portsOf(step)}</span>}
          {step.attempts > 1 && <span className="faint">{step.attempts} attempts</span>}
          <span className="faint">{step.fired_at && between(step.fired_at, step.settled_at ?? step.fired_at)}</span>
        </summary>
        {step.error ? <p>{sentence(step.error.reason)}</p> : <JsonView value={step.output} />}
        <button type="button" onClick={() => editing.goTo(step.node_id)}>
          Go to it
        </button>
      </details>
    </li>
  )
}

function told({ stopped, error }: Simulated): string {
  if (stopped) return `${sentence(stopped.detail)} Pin what such a step gives, or try with the data of an execution.`
  const reason = (error as { reason?: unknown } | null)?.reason
  return typeof reason === 'string' ? sentence(reason) : ''
}
