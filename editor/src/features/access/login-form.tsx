import { useState } from 'react'

import { logIn } from '../../api/access'
import type { Me } from '../../api/types'
import { useAttempt } from '../../app/attempt'
import { TextField } from '../../ui/field'
import { Form } from '../../ui/form'

interface Props {
  /** Whose session it has to be. */
  email?: string
  onDone: (me: Me) => void
}

const CODES = { password: ['wrong_login'] }

/** E-mail address and password; the browser keeps the session that they open. */
export function LoginForm({ email: known = '', onDone }: Props) {
  const [email, setEmail] = useState(known)
  const [password, setPassword] = useState('')
  const { error, isBusy, attempt } = useAttempt()
  const submit = () =>
    void attempt(async () => {
      onDone(await logIn(email.trim(), password))
    })
  const footer = (
    <button className="primary" disabled={isBusy}>
      Sign in
    </button>
  )
  return (
    <Form error={error} codes={CODES} onSubmit={submit} footer={footer}>
      <TextField
        label="E-mail address"
        type="email"
        autoComplete="username"
        required
        autoFocus={known === ''}
        readOnly={known !== ''}
        value={email}
        onText={setEmail}
      />
      <TextField
        label="Password"
        name="password"
        type="password"
        autoComplete="current-password"
        required
        autoFocus={known !== ''}
        value={password}
        onText={setPassword}
      />
    </Form>
  )
}
