import { useState } from 'react'

import { changeCredential, credentialTypes, makeCredential } from '../../api/credentials'
import type { Credential } from '../../api/credentials'
import { useAttempt } from '../../app/attempt'
import { useLoad } from '../../app/load'
import { useMe } from '../../app/who'
import { ChoiceField, LinesField, TextField } from '../../ui/field'
import { FormDialog } from '../../ui/form-dialog'
import { connectAddress, credentialFields, fieldValues, hostsOf } from './fields'
import { FieldOf } from './field-of'

interface Props {
  /** None for a new one; of one that is there all fields are written anew. */
  credential: Credential | null
  onDone: (credential: Credential) => void
  onClose: () => void
}

/** A credential as the form of its type. */
export function CredentialDialog({ credential, onDone, onClose }: Props) {
  const types = useLoad(credentialTypes, 'credential types')
  const [name, setName] = useState('')
  const [type, setType] = useState(credential?.type ?? 'bearer')
  const [hosts, setHosts] = useState(credential?.allowed_hosts.join('\n') ?? '')
  const [written, setWritten] = useState<Record<string, string>>({})
  const { error, isBusy, attempt } = useAttempt()
  const me = useMe()
  const chosen = types.value?.items.find((item) => item.type === type)
  const connect = me?.kind === 'user' && credential === null ? (chosen?.connect ?? null) : null
  const fields = chosen ? credentialFields(chosen.fields, chosen.secret_fields) : []
  const codes = {
    name: ['bad_name', 'name_taken'],
    type: ['unknown_type'],
    allowed_hosts: ['bad_host'],
    ...Object.fromEntries(fields.map((field) => [`fields/${field.name}`, []])),
  }
  const submit = () =>
    void attempt(async () => {
      const wish = { allowed_hosts: hostsOf(hosts), fields: fieldValues(fields, written) }
      const done = await (credential
        ? changeCredential(credential.id, wish)
        : makeCredential({ name: name.trim(), type, ...wish }))
      onClose()
      onDone(done)
    })
  return (
    <FormDialog
      title={credential ? `Write ${credential.name} anew` : 'New credential'}
      submit={credential ? 'Save' : 'Create'}
      isOff={isBusy || !chosen}
      error={error ?? types.error}
      codes={codes}
      onSubmit={submit}
      onClose={onClose}
    >
      {credential ? (
        <p className="faint">
          All fields are written anew, those too that stay the same: nobody can send a secret that he does not know to
          another host.
        </p>
      ) : (
        <>
          <TextField
            label="Name"
            name="name"
            required
            maxLength={100}
            placeholder="crm"
            value={name}
            onText={setName}
            help="Steps name it so: letters, digits, _, - and the dot."
          />
          <ChoiceField
            label="Type"
            name="type"
            value={type}
            choices={(types.value?.items ?? []).map((item) => [item.type, item.title] as const)}
            onText={setType}
            help={chosen?.description}
          />
          {connect !== null && (
            <p>
              <button
                type="button"
                disabled={name.trim() === ''}
                onClick={() =>
                  location.assign(
                    connectAddress(connect, me?.workspace?.slug ?? '', name.trim(), (written['from'] ?? '').trim()),
                  )
                }
              >
                Connect an account…
              </button>{' '}
              <span className="faint">
                The provider asks you whether mail may be sent as you, and for nothing else. Or write the fields by
                hand.
              </span>
            </p>
          )}
        </>
      )}
      {fields.map((field) => (
        <FieldOf
          key={`${type} ${field.name}`}
          field={field}
          value={written[field.name] ?? ''}
          onText={(text) => setWritten((before) => ({ ...before, [field.name]: text }))}
        />
      ))}
      <LinesField
        label="Sent to these hosts only"
        name="allowed_hosts"
        required
        rows={2}
        placeholder="api.example.com"
        value={hosts}
        onText={setHosts}
        help="One on each line; *.example.com is all below it. Over HTTPS, unless it begins with http://."
      />
    </FormDialog>
  )
}
