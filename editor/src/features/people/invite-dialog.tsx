import { useState } from 'react'

import { invite } from '../../api/access'
import type { Role } from '../../api/types'
import { useAttempt } from '../../app/attempt'
import { ChoiceField, TextField } from '../../ui/field'
import { FormDialog } from '../../ui/form-dialog'
import { say } from '../../ui/toast'
import { ROLES } from './roles'

const CODES = { email: ['bad_email', 'already_member'], role: ['more_than_own'] }

/** Sends a mail with a link that leads into the workspace. */
export function InviteDialog({ onInvited, onClose }: { onInvited: () => void; onClose: () => void }) {
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('member')
  const { error, isBusy, attempt } = useAttempt()
  const submit = () =>
    void attempt(async () => {
      await invite(email.trim(), role)
      say(`A mail is on its way to ${email}.`)
      onInvited()
      onClose()
    })
  return (
    <FormDialog
      title="Invite somebody"
      submit="Send the invitation"
      icon="mail"
      isOff={isBusy}
      error={error}
      codes={CODES}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField label="E-mail address" name="email" type="email" required value={email} onText={setEmail} />
      <ChoiceField
        label="Role"
        name="role"
        value={role}
        choices={ROLES}
        onText={(next) => setRole(next as Role)}
        help="It can be changed later."
      />
    </FormDialog>
  )
}
