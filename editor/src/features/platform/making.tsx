import { useEffect } from 'react'

import { operationOf } from '../../api/platform'
import type { Operation } from '../../api/platform'
import { useLoad } from '../../app/load'
import { Chip } from '../../ui/chip'
import { sentence } from '../../ui/failure'

const EVERY_MS = 500

/** How far a workspace is made, step by step. */
export function Making({ begun, onEnd }: { begun: Operation; onEnd: () => void }) {
  const hasBegunAndEnded = begun.ended_at !== null
  const loaded = useLoad(() => operationOf(begun.id), `operation ${begun.id}`, hasBegunAndEnded ? 0 : EVERY_MS)
  const { status, steps, error, ended_at } = loaded.value ?? begun
  const isOver = ended_at !== null
  useEffect(() => {
    if (isOver) onEnd()
    // Once.
  }, [isOver])
  return (
    <div role="status" className="stack" data-testid="making" data-status={status}>
      <ol className="workspaces">
        {steps.map((step) => (
          <li key={step.name}>
            <span>{step.name.replace('_', ' ')}</span>
            <Chip tone={step.status === 'completed' ? 'good' : 'wait'}>{step.status}</Chip>
          </li>
        ))}
      </ol>
      {status === 'completed' && <p>It is there.</p>}
      {error && <p className="form-problem">{sentence(error.detail ?? error.code)}</p>}
    </div>
  )
}
