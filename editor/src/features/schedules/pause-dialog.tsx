import { useState } from 'react'

import { pauseSchedule } from '../../api/triggers'
import type { Schedule } from '../../api/triggers'
import { useAttempt } from '../../app/attempt'
import { TextField } from '../../ui/field'
import { FormDialog } from '../../ui/form-dialog'

export function PauseDialog({
  schedule,
  onDone,
  onClose,
}: {
  schedule: Schedule
  onDone: () => void
  onClose: () => void
}) {
  const [reason, setReason] = useState('')
  const { error, isBusy, attempt } = useAttempt()
  const submit = () =>
    void attempt(async () => {
      await pauseSchedule(schedule.id, reason.trim())
      onDone()
      onClose()
    })
  return (
    <FormDialog
      title="Pause the schedule"
      submit="Pause"
      icon="pause"
      isOff={isBusy}
      error={error}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField
        label="Why"
        name="reason"
        value={reason}
        onText={setReason}
        help="Others see it. Nothing starts by the clock until it is resumed, also not what was due meanwhile."
      />
    </FormDialog>
  )
}
