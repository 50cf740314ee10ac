import { useState } from 'react'

import { acceptInvitation, logOut } from '../../api/access'
import type { MailLink } from '../../api/access'
import { whoAmI } from '../../api/calls'
import { forgetKey } from '../../api/session'
import { useAttempt } from '../../app/attempt'
import { useLoad } from '../../app/load'
import { navigate, to } from '../../app/router'
import { TextField } from '../../ui/field'
import { Form } from '../../ui/form'
import { LinkPage } from './link-page'
import { LoginForm } from './login-form'
import { NewPasswordField } from './password-field'

/** Joins a workspace: as somebody new, or with the account that one has. */
export function InvitationPage({ token }: { token: string }) {
  return (
    <LinkPage title="Invitation" token={token} kind="invitation" again="login">
      {(link) => (
        <>
          <p>
            You are invited to <strong>{link.workspace?.name}</strong>
            {link.role && ` as ${link.role}`}, with the address <strong>{link.email}</strong>.
          </p>
          {link.has_account ? <Known token={token} link={link} /> : <New token={token} link={link} />}
        </>
      )}
    </LinkPage>
  )
}

interface Props {
  token: string
  link: MailLink
}

function enter({ workspace }: MailLink): void {
  forgetKey()
  navigate(workspace ? to.workspace(workspace.slug) : to.workspaces())
}

const CODES = { name: ['bad_name'], password: ['weak_password'] }

function New({ token, link }: Props) {
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const { error, isBusy, attempt } = useAttempt()
  const submit = () =>
    void attempt(async () => {
      await acceptInvitation({ token, name, password })
      enter(link)
    })
  const footer = (
    <button className="primary" disabled={isBusy}>
      Join
    </button>
  )
  return (
    <Form error={error} codes={CODES} onSubmit={submit} footer={footer}>
      <TextField label="Your name" name="name" autoComplete="name" required autoFocus value={name} onText={setName} />
      <NewPasswordField value={password} onText={setPassword} />
    </Form>
  )
}

/** Whoever has an account joins with it; it has to be that of the address. */
function Known({ token, link }: Props) {
  const me = useLoad(() => whoAmI().catch(() => null), 'me')
  const { error, isBusy, attempt } = useAttempt()
  const join = () =>
    void attempt(async () => {
      await acceptInvitation({ token })
      enter(link)
    })
  const leave = () =>
    void attempt(async () => {
      await logOut()
      me.reload()
    })
  const user = me.value?.user ?? null
  const signedIn = () => {
    // A key that this tab has would count more than the session.
    forgetKey()
    me.reload()
  }
  if (user === null) return <LoginForm email={link.email} onDone={signedIn} />
  const isOther = user.email.toLowerCase() !== link.email.toLowerCase()
  const footer = isOther ? (
    <button type="button" onClick={leave}>
      Sign out
    </button>
  ) : (
    <button className="primary" disabled={isBusy}>
      Join
    </button>
  )
  return (
    <Form error={error} onSubmit={join} footer={footer}>
      {isOther && (
        <p>
          You are signed in as <strong>{user.email}</strong>: sign out first, and in again with the address that is
          invited.
        </p>
      )}
    </Form>
  )
}
