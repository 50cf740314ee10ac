import { useState } from 'react'

import { answerApproval, signal } from '../api/calls'
import type { Execution, Step } from '../api/types'
import { useAttempt } from '../app/attempt'
import { Link } from '../app/link'
import { to } from '../app/router'
import { useCan } from '../app/who'
import { JsonInput } from '../inspector/json-input'
import { Failure } from '../ui/failure'
import { Icon } from '../ui/icon'
import type { Watching } from './watching'

/** What a person can do about a step that waits: answer the approval, or send the signal. */
export function Answering({ watching, execution, step }: { watching: Watching; execution: Execution; step: Step }) {
  const [payload, setPayload] = useState<unknown>({})
  const { error, attempt } = useAttempt()
  const [mayAnswer, mayOperate] = [useCan('approvals.answer'), useCan('executions.operate')]
  const name = step.waiting?.['signal']
  if (step.status !== 'waiting' || typeof name !== 'string') return null
  const give = async (order: Promise<unknown>) => {
    await attempt(() => order)
    await watching.reload()
  }
  const answer = (decision: 'approve' | 'reject') =>
    void give(answerApproval(execution.id, step.node_id, step.scope, decision))
  if (step.type === 'logic.approval') {
    return (
      <div className="answering">
        {error && <Failure error={error} />}
        <button type="button" className="primary" disabled={!mayAnswer} onClick={() => answer('approve')}>
          <Icon name="check" /> Approve
        </button>
        <button type="button" className="danger" disabled={!mayAnswer} onClick={() => answer('reject')}>
          <Icon name="cross" /> Reject
        </button>
        {mayAnswer && <Link href={to.approvals()}>With fields and a comment</Link>}
      </div>
    )
  }
  if (name.startsWith('$')) return null
  return (
    <div className="answering stack">
      <label className="field">
        <span>Send the signal “{name}” with</span>
        <JsonInput id="signal-payload" value={payload} onChange={setPayload} rows={3} />
      </label>
      {error && <Failure error={error} />}
      <button
        type="button"
        disabled={!mayOperate}
        onClick={() => void give(signal(execution.id, name, payload ?? null))}
      >
        <Icon name="send" /> Send
      </button>
    </div>
  )
}
