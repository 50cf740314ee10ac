import { useState } from 'react'

import * as calls from '../api/calls'
import { ApiError } from '../api/client'
import type { Execution } from '../api/types'
import { Link } from '../app/link'
import { to } from '../app/router'
import { useStore } from '../app/store'
import { useTitle } from '../app/title'
import { useCan } from '../app/who'
import { Confirm } from '../ui/confirm'
import { Icon } from '../ui/icon'
import type { IconName } from '../ui/icon'
import { StatusChip } from '../ui/status'
import { dateTime } from '../ui/time'
import { say } from '../ui/toast'
import { Again } from './again'
import { Restart } from './restart'
import { hasEnded, telling } from './steps'
import { Took } from './took'
import type { Watching } from './watching'

const CONNECTIONS = {
  connecting: 'connecting…',
  live: 'live',
  lost: 'connection lost; asked for every 2 s',
  crowded: 'many tabs are live; asked for every 2 s',
  ended: 'ended',
}

/** What it is, how it stands, and what can be done with it. */
export function ExecutionHead({ watching, execution }: { watching: Watching; execution: Execution }) {
  const name = useStore(watching, (state) => state.name)
  useTitle(name && `${name}: ${execution.status}`)
  const connection = useStore(watching, (state) => state.connection)
  return (
    <header className="top-bar">
      <h1>
        <Link href={to.workflow(execution.workflow_id)} title="Edit the workflow">
          {name || 'Execution'}
        </Link>
      </h1>
      <span data-testid="execution-status">
        <StatusChip status={execution.status} />
      </span>
      {execution.ending && !hasEnded(execution) && (
        <span className="chip" data-testid="execution-ending" title={execution.ending.reason}>
          {execution.ending.outcome === 'failed' ? 'is failing' : 'is being cancelled'}
        </span>
      )}
      <span className="save-status" title={execution.id}>
        {dateTime(execution.created_at)} · <Took from={execution.created_at} to={execution.ended_at} />
      </span>
      <span className="live-dot" data-connection={connection} title={CONNECTIONS[connection]}>
        {connection === 'ended' ? '' : CONNECTIONS[connection]}
      </span>
      {execution.trial && (
        <span className="chip" title="It tries a draft out; nothing else finds it">
          trial
        </span>
      )}
      <span className="spacer" />
      <Link className="button" href={to.workflow(execution.workflow_id, { execution: execution.id })}>
        Open in the editor
      </Link>
      <Orders watching={watching} execution={execution} />
    </header>
  )
}

function Orders({ watching, execution }: { watching: Watching; execution: Execution }) {
  const [isRestarting, setRestarting] = useState(false)
  const [isRepeating, setRepeating] = useState(false)
  const [isForcing, setForcing] = useState(false)
  const [mayStart, mayOperate] = [useCan('executions.start'), useCan('executions.operate')]
  const give = async (label: string, order: () => Promise<unknown>) => {
    try {
      await order()
      say(label)
    } catch (error) {
      const refused = ApiError.of(error)
      say(`${refused.detail}: ${refused.hint}`, 'wrong')
    }
    await watching.reload()
  }
  const button = (icon: IconName, label: string, onClick: () => void, className = '', may = mayOperate) => (
    <button type="button" className={className} disabled={!may} onClick={onClick}>
      <Icon name={icon} /> {label}
    </button>
  )
  const { id, status } = execution
  if (hasEnded(execution)) {
    return (
      <>
        {!execution.trial && button('play', 'Run again…', () => setRepeating(true), '', mayStart)}
        {isRepeating && <Again execution={execution} onClose={() => setRepeating(false)} />}
        {button('retry', 'Restart…', () => setRestarting(true), status === 'completed' ? '' : 'primary')}
        {isRestarting && (
          <Restart
            watching={watching}
            execution={execution}
            from={telling(execution)?.node_id ?? ''}
            onClose={() => setRestarting(false)}
          />
        )}
      </>
    )
  }
  const isRetrying = execution.steps.some((step) => step.retry_at !== null)
  return (
    <>
      {isRetrying && button('retry', 'Try again now', () => void give('It tries again now.', () => calls.retryNow(id)))}
      {status === 'incident' &&
        button('retry', 'Try the step again', () => void give('It tries again.', () => calls.resolve(id, 'retry')))}
      {status === 'incident' &&
        button('skip', 'Count it as done', () => void give('It goes on.', () => calls.resolve(id, 'skip')))}
      {status === 'paused'
        ? button('play', 'Resume', () => void give('It goes on.', () => calls.resume(id)), 'primary')
        : button('pause', 'Pause', () => void give('Nothing more of it starts.', () => calls.pause(id)))}
      {execution.ending
        ? button('stop', 'End without clean-up…', () => setForcing(true), 'danger')
        : button(
            'stop',
            'Cancel',
            () => void give('It is being cancelled; what undoes it still runs.', () => calls.cancel(id, false)),
            'danger',
          )}
      {isForcing && (
        <Confirm
          title="End it without clean-up?"
          submit="End it"
          onConfirm={() => give('It ends at once; nothing more is undone.', () => calls.cancel(id, true))}
          onClose={() => setForcing(false)}
        >
          <p>Steps that undo what was done, and those that run at last, do not run any more.</p>
        </Confirm>
      )}
    </>
  )
}
