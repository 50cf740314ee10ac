import { useEffect, useState } from 'react'

import { previewExpression } from '../api/expressions'
import { sentence } from '../ui/failure'
import { askFor, inLine } from './preview'
import { useReading } from './reading'

/** After the last key. */
const AFTER_MS = 200

/** A field whose expression is previewed from when one goes there: what is only looked at asks nobody. */
export function useWritten(id: string) {
  const [isOn, setOn] = useState(false)
  return { id, isOn, attributes: { onFocus: () => setOn(true), ...(isOn ? { 'aria-describedby': id } : {}) } }
}

interface Told {
  kind: 'value' | 'flaw' | 'missing'
  words: string
}

/** What the engine makes of an expression, with the data of an execution, while one writes it. */
export function ExpressionPreview({ id, text }: { id: string; text: string }) {
  const told = usePreview(text)
  if (!told) return null
  return (
    <p id={id} className="preview" data-kind={told.kind} data-testid="preview">
      {told.kind === 'value' && <span aria-hidden="true">= </span>}
      {told.kind === 'value' ? <code>{told.words}</code> : told.words}
    </p>
  )
}

function usePreview(text: string): Told | null {
  const reading = useReading()
  const [told, setTold] = useState<Told | null>(null)
  useEffect(() => {
    if (!text.includes('{{')) return setTold(null)
    const over = new AbortController()
    const look = async () => {
      const next = await preview(text, reading, over.signal)
      if (!over.signal.aborted) setTold(next)
    }
    const timer = setTimeout(() => void look().catch(() => over.signal.aborted || setTold(null)), AFTER_MS)
    return () => {
      over.abort()
      clearTimeout(timer)
    }
  }, [text, reading])
  return told
}

async function preview(
  text: string,
  reading: ReturnType<typeof useReading>,
  signal: AbortSignal,
): Promise<Told | null> {
  const wish = askFor(text, await reading.known())
  if (wish === null) return null
  if (wish.kind === 'missing') return { kind: 'missing', words: `No data yet for ${wish.names.join(', ')}` }
  const { kind: _kind, ...asked } = wish
  const { value, error } = await previewExpression(asked, signal)
  return error ? { kind: 'flaw', words: sentence(error.detail) } : { kind: 'value', words: inLine(value) }
}
