import { useState } from 'react'

import { completeSignUp } from '../../api/access'
import { constants } from '../../api/constants'
import { forgetKey } from '../../api/session'
import { useAttempt } from '../../app/attempt'
import { navigate, to } from '../../app/router'
import { TextField } from '../../ui/field'
import { Form } from '../../ui/form'
import { LinkPage } from './link-page'
import { NewPasswordField } from './password-field'
import { slugOf, suggestedWorkspace } from './slug'

const CODES = {
  name: ['bad_name'],
  password: ['weak_password'],
  'workspace/name': [],
  'workspace/slug': ['slug_taken', 'bad_slug'],
}

/** The last step of signing up: a name, a password, and a workspace. */
export function VerifyPage({ token }: { token: string }) {
  return (
    <LinkPage title="Create an account" token={token} kind="sign_up" again="sign-up">
      {(link) => <Complete token={token} email={link.email} />}
    </LinkPage>
  )
}

function Complete({ token, email }: { token: string; email: string }) {
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [workspace, setWorkspace] = useState(suggestedWorkspace(email))
  const [slug, setSlug] = useState<string | null>(null)
  const { error, isBusy, attempt } = useAttempt()
  const address = slug ?? slugOf(workspace)
  const submit = () =>
    void attempt(async () => {
      await completeSignUp({ token, name, password, workspace: { slug: address, name: workspace } })
      forgetKey()
      navigate(to.workspace(address, 'workflows'))
    })
  const footer = (
    <button className="primary" disabled={isBusy}>
      Create the account
    </button>
  )
  return (
    <Form error={error} codes={CODES} onSubmit={submit} footer={footer}>
      <p className="faint">
        For <strong>{email}</strong>.
      </p>
      <TextField
        label="Your name"
        name="name"
        autoComplete="name"
        required
        autoFocus
        maxLength={constants.user_name.chars_max}
        value={name}
        onText={setName}
      />
      <NewPasswordField value={password} onText={setPassword} />
      <TextField
        label="Name of the workspace"
        name="workspace/name"
        required
        minLength={constants.workspace_name.chars_min}
        maxLength={constants.workspace_name.chars_max}
        value={workspace}
        onText={setWorkspace}
      />
      <TextField
        label="Its address"
        name="workspace/slug"
        required
        pattern="[a-z0-9\-]{3,63}"
        title="3 to 63 of a to z, 0 to 9 and -"
        help={`Forms and hooks are found at ${location.host}/p/${address || '…'}/. It stays.`}
        value={address}
        onText={setSlug}
      />
    </Form>
  )
}
