import { useState } from 'react'

import { ApiError } from '../../api/client'
import { moveRecord } from '../../api/records'
import type { RecordItem, RecordType } from '../../api/records'
import { useAttempt } from '../../app/attempt'
import { sentence } from '../../ui/failure'
import { LinesField } from '../../ui/field'
import { FormDialog } from '../../ui/form-dialog'
import { say } from '../../ui/toast'
import { nameOf, stateOf, wayOf } from './words'

interface Asked {
  record: RecordItem
  to: string
}

/** Moves records: at once, or after asking why where the way needs a reason. `dialog` is to be shown. */
export function useMoving(type: RecordType | null, onMoved: () => void) {
  const [asked, setAsked] = useState<Asked | null>(null)
  const move = (record: RecordItem, to: string) => {
    if (type && wayOf(type, record.state, to)?.needs_reason) return setAsked({ record, to })
    void moveRecord(record.id, record.state, to, '')
      .catch((refused: unknown) => {
        const error = ApiError.of(refused)
        // The type may have been changed meanwhile.
        if (error.code === 'reason_required') setAsked({ record, to })
        else say(sentence(error.detail), 'wrong')
      })
      .finally(onMoved)
  }
  const dialog = asked && (
    <ReasonDialog {...asked} label={stateOf(type, asked.to).label} onMoved={onMoved} onClose={() => setAsked(null)} />
  )
  return { move, dialog }
}

interface Props extends Asked {
  /** What the state is called. */
  label: string
  onMoved: () => void
  onClose: () => void
}

const CODES = { reason: ['reason_required'] }

function ReasonDialog({ record, to, label, onMoved, onClose }: Props) {
  const [reason, setReason] = useState('')
  const { error, isBusy, attempt } = useAttempt()
  const submit = () =>
    void attempt(async () => {
      await moveRecord(record.id, record.state, to, reason.trim())
      onClose()
      onMoved()
    })
  return (
    <FormDialog
      title={`Move ${nameOf(record)} to ${label}`}
      submit="Move it"
      isOff={isBusy || reason.trim() === ''}
      error={error}
      codes={CODES}
      onSubmit={submit}
      onClose={onClose}
    >
      <LinesField label="Why" name="reason" value={reason} help="It stays in its history." onText={setReason} />
    </FormDialog>
  )
}
