import { useState } from 'react'

import { createLead } from '../../api/leads'
import type { Lead, NewLead } from '../../api/leads'
import { useAttempt } from '../../app/attempt'
import { TextField } from '../../ui/field'
import { FormDialog } from '../../ui/form-dialog'

const FIELDS = [
  ['email', 'E-mail address'],
  ['name', 'Name'],
  ['phone', 'Telephone'],
  ['company', 'Company'],
] as const
const CODES = { email: ['lead_exists'], name: [], phone: [], company: [] }

/** A lead that a person writes down; one of the fields is enough. */
export function LeadDialog({ onMade, onClose }: { onMade: (lead: Lead) => void; onClose: () => void }) {
  const [given, setGiven] = useState<NewLead>({})
  const { error, isBusy, attempt } = useAttempt()
  const submit = () => void attempt(async () => onMade(await createLead(given)))
  const isEmpty = Object.values(given).every((words) => !words)
  return (
    <FormDialog
      title="New lead"
      submit="Write it down"
      isOff={isBusy || isEmpty}
      error={error}
      codes={CODES}
      onSubmit={submit}
      onClose={onClose}
    >
      {FIELDS.map(([name, label]) => (
        <TextField
          key={name}
          label={label}
          name={name}
          type={name === 'email' ? 'email' : 'text'}
          value={given[name] ?? ''}
          onText={(words) => setGiven(({ [name]: _before, ...rest }) => (words ? { ...rest, [name]: words } : rest))}
        />
      ))}
    </FormDialog>
  )
}
