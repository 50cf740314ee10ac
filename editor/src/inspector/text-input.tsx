import { useRef } from 'react'

import { Completions, useCompletion } from './completions'
import { ExpressionPreview, useWritten } from './expression-preview'

interface Props {
  id: string
  value: unknown
  placeholder: string
  isRequired?: boolean
  onChange: (value: unknown) => void
}

const ROWS_MAX = 14

/**
 * Text, or a value that is shown as text; it grows with its lines. Within `{{ }}` it says what may come next, and what it
 * comes to.
 */
export function TextInput({ id, value, placeholder, isRequired = false, onChange }: Props) {
  const text = typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value)
  const rows = Math.min(ROWS_MAX, text.split('\n').length + Math.floor(text.length / 60))
  const field = useRef<HTMLTextAreaElement>(null)
  const completion = useCompletion(field, `${id}-completions`)
  const writing = useWritten(`${id}-preview`)
  return (
    <>
      <textarea
        ref={field}
        id={id}
        className={text.includes('{{') ? 'written' : ''}
        rows={rows}
        value={text}
        placeholder={placeholder}
        spellCheck={false}
        onChange={(event) => {
          onChange(event.target.value === '' && !isRequired ? undefined : event.target.value)
          completion.look()
        }}
        {...completion.attributes}
        {...writing.attributes}
      />
      <Completions completion={completion} />
      {writing.isOn && <ExpressionPreview id={writing.id} text={text} />}
    </>
  )
}
