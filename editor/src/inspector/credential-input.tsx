import { credentials } from '../api/credentials'
import { useLoad } from '../app/load'
import { to } from '../app/router'
import { useCan } from '../app/who'
import { TextInput } from './text-input'

interface Props {
  id: string
  /** Types that fit. */
  types: readonly string[]
  value: unknown
  isRequired: boolean
  onChange: (value: unknown) => void
}

/** The name of a credential: one of those that fit, where one may see which there are. */
export function CredentialInput({ id, types, value, isRequired, onChange }: Props) {
  const mayRead = useCan('credentials.read')
  const known = useLoad(async () => (mayRead ? (await credentials()).items : null), `credentials ${mayRead}`)
  const name = typeof value === 'string' ? value : ''
  if (known.error || (known.value === null && !mayRead))
    return <TextInput id={id} value={value} placeholder="" isRequired={isRequired} onChange={onChange} />
  const fitting = (known.value ?? []).filter((credential) => types.length === 0 || types.includes(credential.type))
  const isThere = name === '' || known.value === null || fitting.some((credential) => credential.name === name)
  return (
    <>
      <select id={id} value={name} onChange={(event) => onChange(event.target.value || undefined)}>
        <option value="">none</option>
        {!isThere && <option value={name}>{name} (there is none that fits)</option>}
        {known.value === null && name !== '' && <option value={name}>{name}</option>}
        {fitting.map((credential) => (
          <option key={credential.id} value={credential.name}>
            {credential.name} ({credential.type.replace(/_/g, ' ')})
          </option>
        ))}
      </select>
      <p className="form-help">
        <a href={to.credentials()} target="_blank" rel="noreferrer">
          Credentials
        </a>
      </p>
    </>
  )
}
