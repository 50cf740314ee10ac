import { useState } from 'react'

import type { Step } from '../api/types'
import { useLoad } from '../app/load'
import { Failure } from '../ui/failure'
import { clock } from '../ui/time'
import { allLogs } from './all-logs'
import { keyOf } from './steps'

/** What one step wrote to the log; all of it, or the lines that have some words. */
export function StepLogs({ executionId, step, isOver }: { executionId: string; step: Step; isOver: boolean }) {
  const [wanted, setWanted] = useState('')
  const key = `logs ${executionId} ${isOver} ${wanted}`
  const loaded = useLoad(() => allLogs(executionId, wanted.trim()), key, isOver ? 0 : 2_000)
  const lines = loaded.value?.filter((line) => keyOf(line) === keyOf(step)) ?? []
  if (loaded.error) return <Failure error={loaded.error} onRetry={loaded.reload} />
  const isNothing = loaded.value !== null && lines.length === 0
  return (
    <>
      {(wanted !== '' || lines.length > 0) && (
        <input
          type="search"
          aria-label="Find lines"
          placeholder="Find lines"
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
      )}
      {isNothing && <p className="faint">{wanted === '' ? 'It wrote nothing.' : 'No line has these words.'}</p>}
      <ol className="log">
        {lines.map((line) => (
          <li key={line.log_id} data-level={line.level}>
            <time dateTime={line.created_at}>{clock(line.created_at)}</time>
            <span title={`attempt ${line.attempt}`}>{line.level}</span>
            <pre>{line.message}</pre>
          </li>
        ))}
      </ol>
    </>
  )
}
