import { useRef, useState } from 'react'

import { answer } from '../../api/approvals'
import type { Approval, Decision } from '../../api/approvals'
import { ApiError } from '../../api/client'
import { useAttempt } from '../../app/attempt'
import { unique } from '../../app/unique'
import { ChoiceField, LinesField, TextField } from '../../ui/field'
import { FormDialog } from '../../ui/form-dialog'
import { Icon } from '../../ui/icon'
import { say } from '../../ui/toast'
import { asked, filled } from './asking'
import type { Asked, Written } from './asking'
import '../../styles/records.css'

interface Props {
  of: Approval
  onAnswered: () => void
  onClose: () => void
}

/** What is asked, with its fields and a comment. Stays open if the answer is refused: somebody may have been faster. */
export function AnswerDialog({ of: approval, onAnswered, onClose }: Props) {
  const [written, setWritten] = useState<Written>({})
  const [comment, setComment] = useState('')
  const { error, isBusy, attempt } = useAttempt()
  const key = useRef(unique())
  const fields = asked(approval)
  const give = (decision: Decision) =>
    void attempt(async () => {
      const given = { decision, fields: filled(fields, written), comment: comment.trim() }
      await answer(approval, given, key.current).catch((refused: unknown) => {
        // What was refused may be said otherwise; what got no answer is said again.
        if (!ApiError.of(refused).isOffline) key.current = unique()
        throw refused
      })
      say(`${decision === 'approve' ? 'Approved' : 'Rejected'}: ${approval.title}`)
      onAnswered()
      onClose()
    })
  const codes = Object.fromEntries(fields.map(({ name }) => [`fields/${name}`, []]))
  return (
    <FormDialog
      title={approval.title}
      submit="Approve"
      icon="check"
      isWide
      isOff={isBusy}
      error={error}
      codes={{ ...codes, comment: ['bad_comment'] }}
      others={
        <button type="button" className="danger" disabled={isBusy} onClick={() => give('reject')}>
          <Icon name="cross" /> Reject
        </button>
      }
      onSubmit={() => give('approve')}
      onClose={onClose}
    >
      {approval.text && <p className="approval-text">{approval.text}</p>}
      {fields.map((field) => (
        <Input
          key={field.name}
          field={field}
          text={written[field.name] ?? ''}
          onText={(text) => setWritten((before) => ({ ...before, [field.name]: text }))}
        />
      ))}
      <LinesField label="Comment" name="comment" value={comment} onText={setComment} />
    </FormDialog>
  )
}

interface InputProps {
  field: Asked
  text: string
  onText: (text: string) => void
}

function Input({ field: { name, label, kind, isNeeded, options }, text, onText }: InputProps) {
  if (kind === 'checkbox') {
    return (
      <label className="check">
        <input
          type="checkbox"
          checked={text === 'true'}
          onChange={(event) => onText(event.target.checked ? 'true' : '')}
        />
        <span>{label}</span>
      </label>
    )
  }
  const help = isNeeded ? 'Needed to approve.' : undefined
  const common = { label, name: `fields/${name}`, value: text, help, onText }
  if (kind === 'textarea') return <LinesField {...common} />
  if (kind === 'select')
    return <ChoiceField {...common} choices={[['', ''], ...options.map((option) => [option, option] as const)]} />
  return kind === 'number' ? <TextField {...common} inputMode="decimal" /> : <TextField {...common} type={kind} />
}
