import { useState } from 'react'

import { resetPassword } from '../../api/access'
import { useAttempt } from '../../app/attempt'
import { Link } from '../../app/link'
import { to } from '../../app/router'
import { Form } from '../../ui/form'
import { LinkPage } from './link-page'
import { Done } from './open-page'
import { NewPasswordField } from './password-field'

const CODES = { password: ['weak_password'] }

/** A new password, behind a link in a mail; all sessions end. */
export function ResetPage({ token }: { token: string }) {
  const [password, setPassword] = useState('')
  const [isDone, setDone] = useState(false)
  const { error, isBusy, attempt } = useAttempt()
  const submit = () =>
    void attempt(async () => {
      await resetPassword(token, password)
      setDone(true)
    })
  const footer = (
    <button className="primary" disabled={isBusy}>
      Set the password
    </button>
  )
  return (
    <LinkPage title="A new password" token={token} kind="reset" again="forgot">
      {(link) =>
        isDone ? (
          <Done>
            <p>The password is set. All sessions of yours have ended.</p>
            <Link className="button" href={to.open('login')}>
              Sign in
            </Link>
          </Done>
        ) : (
          <Form error={error} codes={CODES} onSubmit={submit} footer={footer}>
            <p className="faint">
              For <strong>{link.email}</strong>.
            </p>
            <NewPasswordField label="New password" autoFocus value={password} onText={setPassword} />
          </Form>
        )
      }
    </LinkPage>
  )
}
