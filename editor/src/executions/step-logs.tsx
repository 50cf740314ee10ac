import { logs } from '../api/calls'
import type { LogLine, Step } from '../api/types'
import { useLoad } from '../app/load'
import { Failure } from '../ui/failure'
import { clock } from '../ui/time'
import { keyOf } from './steps'

/** Pages of a log that are read; the log of an execution is bounded, too. */
const PAGES_MAX = 10

/** What one step wrote to the log. */
export function StepLogs({ executionId, step, isOver }: { executionId: string; step: Step; isOver: boolean }) {
  const loaded = useLoad(() => all(executionId), `logs ${executionId} ${isOver}`, isOver ? 0 : 2_000)
  const lines = loaded.value?.filter((line) => keyOf(line) === keyOf(step)) ?? []
  if (loaded.error) return <Failure error={loaded.error} onRetry={loaded.reload} />
  if (loaded.value && lines.length === 0) return <p className="faint">It wrote nothing.</p>
  return (
    <ol className="log">
      {lines.map((line) => (
        <li key={line.log_id} data-level={line.level}>
          <time dateTime={line.created_at}>{clock(line.created_at)}</time>
          <span title={`attempt ${line.attempt}`}>{line.level}</span>
          <pre>{line.message}</pre>
        </li>
      ))}
    </ol>
  )
}

async function all(executionId: string): Promise<LogLine[]> {
  const lines: LogLine[] = []
  let after: string | null = null
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { items, next }: { items: LogLine[]; next: string | null } = await logs(executionId, after)
    lines.push(...items)
    if (next === null) break
    after = next
  }
  return lines
}
