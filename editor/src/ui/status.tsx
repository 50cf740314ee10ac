import type { ExecutionStatus, StepStatus } from '../api/types'
import { Icon } from './icon'
import type { IconName } from './icon'

type Status = ExecutionStatus | StepStatus

const ICONS: Record<Status, IconName> = {
  queued: 'rows',
  pending: 'dash',
  running: 'play',
  waiting: 'clock',
  paused: 'pause',
  incident: 'warn',
  completed: 'check',
  failed: 'cross',
  skipped: 'skip',
  cancelled: 'stop',
  outcome_unknown: 'help',
}

export function statusIcon(status: Status): IconName {
  return ICONS[status]
}

/** A status by colour, icon and word. */
export function StatusChip({ status }: { status: Status }) {
  return (
    <span className="chip" data-status={status}>
      <Icon name={ICONS[status]} />
      {status.replace('_', ' ')}
    </span>
  )
}
