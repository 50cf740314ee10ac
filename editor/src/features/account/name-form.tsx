import { useState } from 'react'

import { changeName } from '../../api/access'
import { useAttempt } from '../../app/attempt'
import { useMe, who } from '../../app/who'
import { TextField } from '../../ui/field'
import { Form } from '../../ui/form'
import { say } from '../../ui/toast'

const CODES = { name: ['bad_name'] }

export function NameForm() {
  const me = useMe()
  const [name, setName] = useState(me?.user?.name ?? '')
  const { error, isBusy, attempt } = useAttempt()
  if (!me?.user) return null
  const { user } = me
  const submit = () =>
    void attempt(async () => {
      await changeName(name)
      who.set({ me: { ...me, user: { ...user, name } } })
      say('Your name is changed.')
    })
  const footer = (
    <button className="primary" disabled={isBusy || name === user.name}>
      Save
    </button>
  )
  return (
    <section className="section narrow" aria-label="Name">
      <Form error={error} codes={CODES} onSubmit={submit} footer={footer}>
        <TextField
          label="Name"
          name="name"
          autoComplete="name"
          required
          value={name}
          onText={setName}
          help={user.email}
        />
      </Form>
    </section>
  )
}
