import type { Tested } from '../api/trying'
import { Link } from '../app/link'
import { to } from '../app/router'
import type { GraphNode } from '../document/graph'
import { pinOf } from '../document/pinned'
import { portsOf } from '../executions/steps'
import { Icon } from '../ui/icon'
import { JsonView } from '../ui/json-view'
import { StatusChip } from '../ui/status'
import { clock, span } from '../ui/time'
import type { Editing } from '../workflows/editing'

/** What one attempt came to: what went wrong first, then what it gave. */
export function TestResult({ editing, node, result }: { editing: Editing; node: GraphNode; result: Tested }) {
  const { status, output, error, waiting, duration_ms: took, logs, config } = result
  const pin = () => editing.pin(node.id, pinOf(result))
  const canPin = status === 'completed' && !result.output_truncated && !editing.isReadOnly
  return (
    <section aria-label="What it came to" data-testid="test-result">
      <p>
        <StatusChip status={status} /> {result.port && `on ${portsOf(result)} `}
        {typeof took === 'number' && <span className="faint">{span(took)} </span>}
        <Link href={to.execution(result.execution_id)}>its execution</Link>
      </p>
      {error && (
        <div className="failure">
          <strong>{error.class}</strong>
          <p>{error.reason}</p>
        </div>
      )}
      {waiting && (
        <>
          <h3>It waits for</h3>
          <JsonView value={waiting} />
        </>
      )}
      {status === 'completed' && (
        <>
          <h3>Output</h3>
          {result.output_truncated ? (
            <p className="faint">It gave back more than is shown here.</p>
          ) : (
            <JsonView value={output} />
          )}
        </>
      )}
      {canPin && (
        <button type="button" onClick={pin}>
          <Icon name="pin" /> Pin this output
        </button>
      )}
      {logs.length > 0 && (
        <>
          <h3>Log</h3>
          <ol className="log">
            {logs.map((line, at) => (
              <li key={at} data-level={line.level}>
                <time dateTime={line.created_at}>{clock(line.created_at)}</time>
                <span>{line.level}</span>
                <pre>{line.message}</pre>
              </li>
            ))}
          </ol>
        </>
      )}
      {config !== undefined && (
        <details>
          <summary>Settings as they were filled in</summary>
          <JsonView value={config} />
        </details>
      )}
    </section>
  )
}
