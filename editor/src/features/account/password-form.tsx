import { useState } from 'react'

import { changePassword } from '../../api/access'
import { useAttempt } from '../../app/attempt'
import { TextField } from '../../ui/field'
import { Form } from '../../ui/form'
import { say } from '../../ui/toast'
import { NewPasswordField } from '../access/password-field'

const CODES = { current: ['wrong_password'], password: ['weak_password'] }

/** Other sessions end when the password is changed. */
export function PasswordForm() {
  const [current, setCurrent] = useState('')
  const [password, setPassword] = useState('')
  const { error, isBusy, attempt } = useAttempt()
  const submit = () =>
    void attempt(async () => {
      await changePassword(current, password)
      setCurrent('')
      setPassword('')
      say('The password is changed. You are signed out everywhere else.')
    })
  const footer = (
    <button className="primary" disabled={isBusy}>
      Change the password
    </button>
  )
  return (
    <section className="section narrow" aria-label="Password">
      <Form error={error} codes={CODES} onSubmit={submit} footer={footer}>
        <TextField
          label="Password until now"
          name="current"
          type="password"
          autoComplete="current-password"
          required
          value={current}
          onText={setCurrent}
        />
        <NewPasswordField label="New password" value={password} onText={setPassword} />
      </Form>
    </section>
  )
}
