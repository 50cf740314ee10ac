import { useState } from 'react'
import type { KeyboardEvent, ReactNode } from 'react'

import { Dialog } from './dialog'
import '../styles/picker.css'

interface Props<T> {
  title: string
  placeholder: string
  find: (wanted: string) => T[]
  keyOf: (item: T) => string
  show: (item: T) => ReactNode
  onPick: (item: T) => void
  onClose: () => void
}

const SHOWN_MAX = 60

/** A dialog in which one writes a few letters, and takes one of what is left. */
export function Picker<T>({ title, placeholder, find, keyOf, show, onPick, onClose }: Props<T>) {
  const [wanted, setWanted] = useState('')
  const [at, setAt] = useState(0)
  const found = find(wanted).slice(0, SHOWN_MAX)
  const key = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const item = found[at]
    if (by !== undefined) setAt((at + by + found.length) % Math.max(1, found.length))
    else if (event.key === 'Enter' && item !== undefined) onPick(item)
    else return
    event.preventDefault()
  }
  return (
    <Dialog title={title} onClose={onClose} className="picker">
      <input
        type="search"
        role="combobox"
        aria-expanded="true"
        aria-controls="picker-list"
        aria-activedescendant={found.length > 0 ? `picker-${at}` : undefined}
        aria-label={placeholder}
        placeholder={placeholder}
        value={wanted}
        autoFocus
        onKeyDown={key}
        onChange={(event) => {
          setWanted(event.target.value)
          setAt(0)
        }}
      />
      <ul id="picker-list" role="listbox" aria-label={title}>
        {found.map((item, ix) => (
          <li
            key={keyOf(item)}
            id={`picker-${ix}`}
            role="option"
            aria-selected={ix === at}
            ref={(row) => void (ix === at && row?.scrollIntoView({ block: 'nearest' }))}
            onClick={() => onPick(item)}
          >
            {show(item)}
          </li>
        ))}
      </ul>
      <p role="status" className={found.length === 0 ? 'faint' : 'visually-hidden'}>
        {found.length === 0 ? 'Nothing has that in it.' : `${found.length} found`}
      </p>
    </Dialog>
  )
}
