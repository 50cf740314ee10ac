import { title } from '../../inspector/schema'
import { ChoiceField, LinesField, TextField } from '../../ui/field'
import type { CredentialField } from './fields'

interface Props {
  field: CredentialField
  value: string
  onText: (text: string) => void
}

/** One field of a credential; what is secret cannot be read over one’s shoulder. */
export function FieldOf({ field, value, onText }: Props) {
  const common = {
    label: field.title === field.name ? title(field.name) : field.title,
    name: `fields/${field.name}`,
    required: field.isRequired,
    value,
    onText,
  }
  if (field.choices.length > 0) {
    const fallback = typeof field.fallback === 'string' ? `${field.fallback} (default)` : '–'
    const choices = [['', fallback] as const, ...field.choices.map((choice) => [choice, choice] as const)]
    return <ChoiceField {...common} choices={choices} help={field.description} />
  }
  if (field.isMap) {
    return <LinesField {...common} placeholder="name: value" help={`${field.description} One on each line.`.trim()} />
  }
  return (
    <TextField
      {...common}
      type={field.isSecret ? 'password' : 'text'}
      autoComplete={field.isSecret ? 'new-password' : 'off'}
      spellCheck={false}
      help={field.description}
    />
  )
}
