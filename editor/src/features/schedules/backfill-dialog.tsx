import { useState } from 'react'

import { backfill } from '../../api/triggers'
import type { Backfilled, Schedule } from '../../api/triggers'
import { useAttempt } from '../../app/attempt'
import { TextField } from '../../ui/field'
import { FormDialog } from '../../ui/form-dialog'
import { dateTime } from '../../ui/time'
import { say } from '../../ui/toast'
import { fieldOf, timeOf } from './standing'

const DAY_MS = 86_400_000
const SHOWN_MAX = 10
const CODES = { from: ['bad_range'], to: [] }

interface Props {
  schedule: Schedule
  onDone: () => void
  onClose: () => void
}

/** Starts what a schedule would have started in a stretch of the past; first it shows what that is. */
export function BackfillDialog({ schedule, onDone, onClose }: Props) {
  const [from, setFrom] = useState(() => fieldOf(new Date(Date.now() - DAY_MS)))
  const [to, setTo] = useState(() => fieldOf(new Date()))
  const [plan, setPlan] = useState<Backfilled | null>(null)
  const { error, isBusy, attempt } = useAttempt()
  const change = (set: (text: string) => void) => (text: string) => {
    set(text)
    setPlan(null)
  }
  const submit = () =>
    void attempt(async () => {
      const told = await backfill(schedule.id, timeOf(from), timeOf(to), plan === null)
      if (plan === null) return setPlan(told)
      say(told.new === null ? 'They start now.' : `${told.new} of ${told.count} times start now.`)
      onDone()
      onClose()
    })
  return (
    <FormDialog
      title="Back-fill"
      submit={plan === null ? 'Show what it would start' : `Start ${plan.new ?? plan.count}`}
      icon="retry"
      isOff={isBusy || plan?.count === 0}
      error={error}
      codes={CODES}
      onSubmit={submit}
      onClose={onClose}
    >
      <div className="field-row">
        <TextField label="From" name="from" type="datetime-local" required value={from} onText={change(setFrom)} />
        <TextField label="Until before" name="to" type="datetime-local" required value={to} onText={change(setTo)} />
      </div>
      <p className="form-help">
        In the time zone of this browser, at most 35 days back. What has started before does not start again.
      </p>
      {plan && <Plan plan={plan} />}
    </FormDialog>
  )
}

function Plan({ plan }: { plan: Backfilled }) {
  return (
    <div role="status" data-testid="plan">
      <p>{plan.count} times lie in it. Those that have started before start nothing again.</p>
      <ul className="times">
        {plan.times.slice(0, SHOWN_MAX).map((at) => (
          <li key={at}>{dateTime(at)}</li>
        ))}
      </ul>
      {plan.count > SHOWN_MAX && <p className="faint">and {plan.count - SHOWN_MAX} more</p>}
    </div>
  )
}
