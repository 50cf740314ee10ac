import { whatIsOffered } from '../../api/access'
import { useLoad } from '../../app/load'
import { TextField } from '../../ui/field'

interface Props {
  label?: string
  autoFocus?: boolean
  value: string
  onText: (text: string) => void
}

/** A password that is chosen: the server says how long it has to be. */
export function NewPasswordField({ label = 'Password', autoFocus = false, value, onText }: Props) {
  const { value: offered } = useLoad(whatIsOffered, 'offered')
  const { chars_min, chars_max } = offered?.password ?? { chars_min: 10, chars_max: 200 }
  return (
    <TextField
      label={label}
      name="password"
      type="password"
      autoComplete="new-password"
      required
      autoFocus={autoFocus}
      minLength={chars_min}
      maxLength={chars_max}
      help={`At least ${chars_min} characters. A few words that nobody would put together are best.`}
      value={value}
      onText={onText}
    />
  )
}
