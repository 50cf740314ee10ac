import { useRef, useState } from 'react'

import { Completions, useCompletion } from './completions'
import { ExpressionPreview, useWritten } from './expression-preview'

interface Props {
  id: string
  value: unknown
  onChange: (value: unknown) => void
  /** What is not accepted stays text, and changes nothing. */
  accepts?: (value: unknown) => boolean
  rows?: number
}

/** Anything: JSON where it is JSON, else text. Text that looks like JSON but should stay text is written in quotes. */
export function JsonInput({ id, value, onChange, accepts = () => true, rows = 2 }: Props) {
  const [draft, setDraft] = useState<{ of: unknown; text: string } | null>(null)
  const text = draft && draft.of === value ? draft.text : written(value)
  const change = (next: string) => {
    const taken = meant(next)
    const isGood = accepts(taken)
    setDraft({ of: isGood ? taken : value, text: next })
    if (isGood) onChange(taken)
  }
  const field = useRef<HTMLTextAreaElement>(null)
  const completion = useCompletion(field, `${id}-completions`)
  const writing = useWritten(`${id}-preview`)
  const source = meant(text)
  return (
    <>
      <textarea
        ref={field}
        id={id}
        className="mono"
        data-language="json"
        rows={Math.min(16, Math.max(rows, text.split('\n').length))}
        value={text}
        aria-invalid={!accepts(meant(text))}
        placeholder="text, an expression or JSON"
        spellCheck={false}
        onChange={(event) => {
          change(event.target.value)
          completion.look()
        }}
        {...completion.attributes}
        {...writing.attributes}
      />
      <Completions completion={completion} />
      {writing.isOn && typeof source === 'string' && <ExpressionPreview id={writing.id} text={source} />}
    </>
  )
}

export function written(value: unknown): string {
  if (value === undefined) return ''
  if (typeof value !== 'string') return JSON.stringify(value, null, 2)
  return meant(value) === value ? value : JSON.stringify(value)
}

export function meant(text: string): unknown {
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
