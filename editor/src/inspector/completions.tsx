import { useRef, useState } from 'react'
import type { KeyboardEvent, RefObject } from 'react'

import { completions, writingAt } from './completion'
import type { Writing } from './completion'
import { useReading } from './reading'
import type { Sample } from './sample'

interface Offer {
  writing: Writing
  items: Sample[]
  at: number
}

export interface Completion {
  id: string
  offer: Offer | null
  look: () => void
  take: (sample: Sample) => void
  attributes: object
}

/** Offers what an expression may read, at the cursor: arrows choose, Enter or Tab takes it, Escape is without. */
export function useCompletion(field: RefObject<HTMLTextAreaElement | null>, id: string): Completion {
  const reading = useReading()
  const [offer, setOffer] = useState<Offer | null>(null)
  const round = useRef(0)
  const close = () => {
    round.current += 1
    setOffer(null)
  }
  const look = () => {
    round.current += 1
    const of = round.current
    const input = field.current
    const writing = input && writingAt(input.value, input.selectionStart)
    if (!writing) return setOffer(null)
    void reading.samples().then((known) => {
      if (of !== round.current) return
      const items = completions(known, writing.name)
      setOffer(items.length > 0 ? { writing, items, at: 0 } : null)
    })
  }
  const take = (sample: Sample) => {
    const input = field.current
    if (!input || !offer) return
    close()
    input.focus()
    input.setSelectionRange(offer.writing.from, input.selectionStart)
    // As if it were typed, so that undo and the form see it.
    document.execCommand('insertText', false, sample.name)
    close()
  }
  const key = (event: KeyboardEvent) => {
    if (event.key === ' ' && event.ctrlKey) look()
    else if (!offer) return
    else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const by = event.key === 'ArrowDown' ? 1 : -1
      setOffer({ ...offer, at: (offer.at + by + offer.items.length) % offer.items.length })
    } else if ((event.key === 'Enter' || event.key === 'Tab') && !event.shiftKey) {
      const chosen = offer.items[offer.at]
      if (chosen) take(chosen)
    } else if (event.key === 'Escape') close()
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const active = offer ? { 'aria-controls': id, 'aria-activedescendant': `${id}-${offer.at}` } : {}
  const attributes = { 'aria-autocomplete': 'list', ...active, onKeyDown: key, onBlur: close }
  return { id, offer, look, take, attributes }
}

export function Completions({ completion: { id, offer, take } }: { completion: Completion }) {
  if (!offer) return null
  return (
    <ul id={id} className="completions" role="listbox" aria-label="Data from before">
      {offer.items.map((sample, at) => (
        <li
          key={sample.name}
          id={`${id}-${at}`}
          role="option"
          aria-selected={at === offer.at}
          // The field keeps the focus.
          onMouseDown={(event) => {
            event.preventDefault()
            take(sample)
          }}
        >
          <code>{sample.name}</code> <span className="faint">{sample.shown}</span>
        </li>
      ))}
    </ul>
  )
}
