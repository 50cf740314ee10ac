import { useState } from 'react'

/** Entries of one object or list that are shown at first. */
const SHOWN_MAX = 50

/** JSON to look at: what is deep or long is opened by a click. */
export function JsonView({ value }: { value: unknown }) {
  return (
    <div className="json">
      <Entry value={value} depth={0} />
    </div>
  )
}

function Entry({ name, value, depth }: { name?: string; value: unknown; depth: number }) {
  const [isOpen, setOpen] = useState(depth < 2)
  const [shown, setShown] = useState(SHOWN_MAX)
  const label = name === undefined ? null : <span className="json-name">{name}</span>
  if (typeof value !== 'object' || value === null) {
    return (
      <div className="json-row">
        {label}
        <span className={`json-${value === null ? 'null' : typeof value}`}>{JSON.stringify(value) ?? 'nothing'}</span>
      </div>
    )
  }
  const entries = Object.entries(value)
  const size = Array.isArray(value)
    ? `list of ${entries.length}`
    : entries.length === 0
      ? '{}'
      : `${entries.length} ${entries.length === 1 ? 'field' : 'fields'}`
  return (
    <div className="json-row">
      {(label || !isOpen || entries.length === 0) && (
        <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {label} <span className="faint">{size}</span>
        </button>
      )}
      {isOpen && (
        <div className={label ? 'json-inner' : ''}>
          {entries.slice(0, shown).map(([key, item]) => (
            <Entry key={key} name={key} value={item} depth={depth + 1} />
          ))}
          {entries.length > shown && (
            <button type="button" onClick={() => setShown(shown * 4)}>
              {entries.length - shown} more
            </button>
          )}
        </div>
      )}
    </div>
  )
}
