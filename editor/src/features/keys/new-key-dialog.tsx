import { useState } from 'react'

import { makeKey } from '../../api/access'
import { constants } from '../../api/constants'
import { useAttempt } from '../../app/attempt'
import { useMe } from '../../app/who'
import { ChoiceField, TextField } from '../../ui/field'
import { FormDialog } from '../../ui/form-dialog'
import { useProblem } from '../../ui/form'
import { EXPIRIES, expiresAt } from './expiry'
import { grouped, readOnly } from './scopes'

const CODES = { name: ['bad_name'], scopes: ['bad_scopes', 'more_than_own'], expires_at: ['bad_expiry'] }

type Reach = 'all' | 'read' | 'some'
const REACHES = [
  ['all', 'Everything that a key may do'],
  ['read', 'Reading only'],
  ['some', 'What I choose'],
] as const

/** Makes a key; it is shown once. */
export function NewKeyDialog({ onMade, onClose }: { onMade: (key: string) => void; onClose: () => void }) {
  const permissions = useMe()?.permissions ?? []
  const [name, setName] = useState('')
  const [days, setDays] = useState('90')
  const [reach, setReach] = useState<Reach>('read')
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const { error, isBusy, attempt } = useAttempt()
  const scopes = reach === 'all' ? undefined : reach === 'read' ? readOnly(permissions) : [...chosen]
  const submit = () =>
    void attempt(async () => {
      const until = expiresAt(days)
      const made = await makeKey({ name, ...(scopes ? { scopes } : {}), ...(until ? { expires_at: until } : {}) })
      onClose()
      onMade(made.key)
    })
  return (
    <FormDialog
      title="New API key"
      submit="Make the key"
      isOff={isBusy || scopes?.length === 0}
      error={error}
      codes={CODES}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField
        label="Name"
        name="name"
        required
        maxLength={constants.key_name.chars_max}
        value={name}
        onText={setName}
        placeholder="What uses it"
      />
      <ChoiceField label="Works for" name="expires_at" value={days} choices={EXPIRIES} onText={setDays} />
      <ChoiceField
        label="May do"
        name="scopes"
        value={reach}
        choices={REACHES}
        onText={(next) => setReach(next as Reach)}
      />
      {reach === 'some' && <Scopes permissions={permissions} chosen={chosen} onChoose={setChosen} />}
    </FormDialog>
  )
}

interface ScopesProps {
  permissions: readonly string[]
  chosen: ReadonlySet<string>
  onChoose: (chosen: ReadonlySet<string>) => void
}

function Scopes({ permissions, chosen, onChoose }: ScopesProps) {
  const problem = useProblem('scopes')
  const flip = (scope: string) => {
    const next = new Set(chosen)
    if (!next.delete(scope)) next.add(scope)
    onChoose(next)
  }
  return (
    <div className="scopes" data-problem={problem !== undefined}>
      {grouped(permissions).map(({ about, scopes }) => (
        <fieldset key={about}>
          <legend>{about}</legend>
          {scopes.map((scope) => (
            <label key={scope} className="check">
              <input type="checkbox" checked={chosen.has(scope)} onChange={() => flip(scope)} />
              {scope.slice(about.length + 1)}
            </label>
          ))}
        </fieldset>
      ))}
    </div>
  )
}
