import type { Step } from '../api/types'
import { useLoad } from '../app/load'
import { Failure } from '../ui/failure'
import { clock } from '../ui/time'
import { allLogs } from './all-logs'
import { keyOf } from './steps'

/** What one step wrote to the log. */
export function StepLogs({ executionId, step, isOver }: { executionId: string; step: Step; isOver: boolean }) {
  const loaded = useLoad(() => allLogs(executionId), `logs ${executionId} ${isOver}`, isOver ? 0 : 2_000)
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
