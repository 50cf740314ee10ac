import { useState } from 'react'

import { constants } from '../../api/constants'
import { createTenant } from '../../api/platform'
import type { Operation } from '../../api/platform'
import { useAttempt } from '../../app/attempt'
import { unique } from '../../app/unique'
import { Dialog } from '../../ui/dialog'
import { TextField } from '../../ui/field'
import { FormDialog } from '../../ui/form-dialog'
import { Making } from './making'

const CODES = {
  slug: ['bad_slug', 'slug_taken', 'blocked_word'],
  name: ['bad_name'],
  email: ['bad_email', 'owner_required'],
}

/** Asks for a workspace, and shows how it is made. */
export function NewTenantDialog({ onMade, onClose }: { onMade: () => void; onClose: () => void }) {
  const [slug, setSlug] = useState('')
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [key] = useState(unique)
  const [operation, setOperation] = useState<Operation | null>(null)
  const { error, isBusy, attempt } = useAttempt()
  const submit = () =>
    void attempt(async () => {
      const wish = { slug: slug.trim(), name: name.trim(), owner: { email: email.trim() } }
      setOperation(await createTenant(wish, key))
      onMade()
    })
  if (operation) {
    return (
      <Dialog title={name} onClose={onClose}>
        <Making begun={operation} onEnd={onMade} />
        <footer>
          <button type="button" className="primary" onClick={onClose}>
            Close
          </button>
        </footer>
      </Dialog>
    )
  }
  return (
    <FormDialog
      title="New tenant"
      submit="Make it"
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
        maxLength={constants.workspace_name.chars_max}
        value={name}
        onText={setName}
      />
      <TextField
        label="Part of addresses"
        name="slug"
        required
        maxLength={constants.slug.chars_max}
        value={slug}
        onText={setSlug}
        help={`${constants.slug.chars_min} to ${constants.slug.chars_max} of a to z, digits and hyphens.`}
      />
      <TextField
        label="E-mail address of the owner"
        name="email"
        type="email"
        required
        value={email}
        onText={setEmail}
        help="They get a mail that lets them in."
      />
    </FormDialog>
  )
}
