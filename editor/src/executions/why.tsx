import type { Execution } from '../api/types'
import { setQuery } from '../app/router'
import { useStore } from '../app/store'
import { nameOf } from '../document/graph'
import { sentence } from '../ui/failure'
import { Icon } from '../ui/icon'
import { keyOf, telling } from './steps'
import type { Watching } from './watching'

/** Why it failed, or what it waits for: in words, above everything else. */
export function Why({ watching, execution }: { watching: Watching; execution: Execution }) {
  const explanation = useStore(watching, (state) => state.explanation)
  const graph = useStore(watching, (state) => state.graph)
  const reason = (execution.error as { reason?: unknown } | null)?.reason
  const culprit = telling(execution)
  if (execution.status === 'failed' || execution.status === 'incident') {
    return (
      <div className="why" data-status={execution.status}>
        <Icon name="warn" />
        <p>
          {culprit && (
            <>
              <button type="button" className="link" onClick={() => setQuery('step', keyOf(culprit))}>
                {nameOf(graph, culprit.node_id)}
              </button>
              {': '}
            </>
          )}
          {sentence(typeof reason === 'string' ? reason : JSON.stringify(execution.error))}
        </p>
      </div>
    )
  }
  const reasons = (explanation?.reasons ?? []) as { text?: string; step?: { node_id: string; scope: string } }[]
  if (execution.ended_at !== null || reasons.length === 0) return null
  return (
    <div className="why" data-status={execution.status} data-testid="why">
      <Icon name="clock" />
      <ul>
        {reasons.map(({ text = '', step }, at) => (
          <li key={at}>
            {step ? (
              <button type="button" className="quiet" onClick={() => setQuery('step', keyOf(step))}>
                {text}
              </button>
            ) : (
              text
            )}
          </li>
        ))}
      </ul>
    </div>
  )
}
