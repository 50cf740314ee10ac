import { useState } from 'react'

import { renameCredential } from '../../api/credentials'
import type { Credential } from '../../api/credentials'
import { useAttempt } from '../../app/attempt'
import { TextField } from '../../ui/field'
import { FormDialog } from '../../ui/form-dialog'

const CODES = { name: ['bad_name', 'name_taken', 'credential_in_use'] }

export function RenameDialog({
  credential,
  onDone,
  onClose,
}: {
  credential: Credential
  onDone: () => void
  onClose: () => void
}) {
  const [name, setName] = useState(credential.name)
  const { error, isBusy, attempt } = useAttempt()
  const submit = () =>
    void attempt(async () => {
      await renameCredential(credential.id, name.trim())
      onDone()
      onClose()
    })
  return (
    <FormDialog
      title="Rename"
      submit="Rename"
      isOff={isBusy}
      error={error}
      codes={CODES}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField
        label="Name"
        name="name"
        required
        maxLength={100}
        value={name}
        onText={setName}
        help="Only while no published workflow names it."
      />
    </FormDialog>
  )
}
