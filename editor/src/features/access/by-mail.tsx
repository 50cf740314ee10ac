import { useState } from 'react'
import type { ReactNode } from 'react'

import { useAttempt } from '../../app/attempt'
import { Link } from '../../app/link'
import { to } from '../../app/router'
import { TextField } from '../../ui/field'
import { Form } from '../../ui/form'
import { Done, OpenFrame } from './open-page'

interface Props {
  title: string
  about: ReactNode
  submit: string
  ask: (email: string) => Promise<unknown>
}

const CODES = { email: ['bad_email'] }

/** Asks for an address to which a mail with a link goes. Whether the address is known is told by that mail alone. */
export function ByMail({ title, about, submit, ask }: Props) {
  const [email, setEmail] = useState('')
  const [isSent, setSent] = useState(false)
  const { error, isBusy, attempt } = useAttempt()
  const send = () =>
    void attempt(async () => {
      await ask(email.trim())
      setSent(true)
    })
  const footer = (
    <>
      <Link className="button" href={to.open('login')}>
        Back
      </Link>
      <button className="primary" disabled={isBusy}>
        {submit}
      </button>
    </>
  )
  return (
    <OpenFrame title={title}>
      {isSent ? (
        <Done>
          <p>
            A mail is on its way to <strong>{email}</strong>. The link in it leads on.
          </p>
          <button type="button" onClick={() => setSent(false)}>
            Another address, or once more
          </button>
        </Done>
      ) : (
        <Form error={error} codes={CODES} onSubmit={send} footer={footer}>
          <p className="faint">{about}</p>
          <TextField
            label="E-mail address"
            name="email"
            type="email"
            autoComplete="email"
            required
            autoFocus
            value={email}
            onText={setEmail}
          />
        </Form>
      )}
    </OpenFrame>
  )
}
