import type { Execution } from '../api/types'
import { Link } from '../app/link'
import { to, useQuery } from '../app/router'
import { JsonView } from '../ui/json-view'
import { StatusChip } from '../ui/status'
import { StepSide } from './step-side'
import type { Watching } from './watching'
import { keyOf } from './steps'

/** The step that is chosen, else the execution as a whole. */
export function Side({ watching, execution }: { watching: Watching; execution: Execution }) {
  const chosen = useQuery('step')
  const step = execution.steps.find((found) => keyOf(found) === chosen)
  if (step) return <StepSide key={chosen} watching={watching} execution={execution} step={step} />
  return (
    <aside className="inspector" aria-label="Execution">
      <div className="inspector-body">
        {chosen && <p className="faint">This step was not come to.</p>}
        <h3>Input</h3>
        <JsonView value={execution.input} />
        {execution.output !== null && (
          <>
            <h3>Output</h3>
            <JsonView value={execution.output} />
          </>
        )}
        <Family execution={execution} />
        <p className="faint">
          Execution <code>{execution.id}</code>, {execution.position} {execution.position === 1 ? 'entry' : 'entries'}{' '}
          in its journal. Choose a step to see what it did.
        </p>
      </div>
    </aside>
  )
}

function Family({ execution }: { execution: Execution }) {
  const parent = (execution.parent as { execution_id?: unknown } | undefined)?.execution_id
  return (
    <>
      {typeof parent === 'string' && (
        <p>
          Started by <Link href={to.execution(parent)}>another execution</Link>.
        </p>
      )}
      {execution.children && (
        <>
          <h3>Executions that it started</h3>
          <ul className="plain">
            {execution.children.map((child) => (
              <li key={child.id}>
                <StatusChip status={child.status} /> <Link href={to.execution(child.id)}>{child.id.slice(-12)}</Link>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  )
}
