import { useState } from 'react'

import { rotateSecret } from '../../api/webhooks'
import type { Endpoint } from '../../api/webhooks'
import { useAttempt } from '../../app/attempt'
import { ChoiceField } from '../../ui/field'
import { FormDialog } from '../../ui/form-dialog'

const OVERLAPS = [
  ['0', 'Not at all: it is known to others'],
  ['3600', 'An hour'],
  ['86400', 'A day'],
  ['604800', 'A week'],
] as const

interface Props {
  endpoint: Endpoint
  onDone: (secret: string) => void
  onClose: () => void
}

/** A new secret; the old one signs along for a while, so that the receiver can change without a gap. */
export function RotateDialog({ endpoint, onDone, onClose }: Props) {
  const [overlap, setOverlap] = useState('86400')
  const { error, isBusy, attempt } = useAttempt()
  const submit = () =>
    void attempt(async () => {
      const { secret } = await rotateSecret(endpoint.id, Number(overlap))
      onClose()
      onDone(secret ?? '')
    })
  return (
    <FormDialog
      title="New signing secret"
      submit="Make it"
      isOff={isBusy}
      error={error}
      onSubmit={submit}
      onClose={onClose}
    >
      <ChoiceField label="The old one signs along for" value={overlap} choices={OVERLAPS} onText={setOverlap} />
    </FormDialog>
  )
}
