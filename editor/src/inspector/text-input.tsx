interface Props {
  id: string
  value: unknown
  placeholder: string
  isRequired?: boolean
  onChange: (value: unknown) => void
}

const ROWS_MAX = 14

/** Text, or a value that is shown as text; it grows with its lines. */
export function TextInput({ id, value, placeholder, isRequired = false, onChange }: Props) {
  const text = typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value)
  const rows = Math.min(ROWS_MAX, text.split('\n').length + Math.floor(text.length / 60))
  return (
    <textarea
      id={id}
      className={text.includes('{{') ? 'written' : ''}
      rows={rows}
      value={text}
      placeholder={placeholder}
      spellCheck={false}
      onChange={(event) => onChange(event.target.value === '' && !isRequired ? undefined : event.target.value)}
    />
  )
}
