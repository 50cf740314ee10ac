import type { Diff, Difference, FieldChange } from '../document/diff'
import { isSame } from '../document/diff'

const WORDS: Record<Difference['kind'], string> = { added: 'New', removed: 'Removed', changed: 'Changed' }
/** More would be no overview. */
const SHOWN_MAX = 100
const CHARS_MAX = 80

/** What makes two documents different, in words. */
export function Differences({ diff }: { diff: Diff }) {
  const { moved, movedNotes } = diff
  const differences = [...diff.differences, ...diff.notes]
  if (isSame(diff)) return <p className="faint">Nothing is different.</p>
  return (
    <ul className="differences">
      {differences.slice(0, SHOWN_MAX).map((difference) => (
        <li key={`${difference.what} ${difference.id}`} data-kind={difference.kind}>
          <span>{WORDS[difference.kind]}</span>
          <div>
            <strong>{difference.label}</strong>
            {difference.what === 'edge' && <span className="faint"> edge</span>}
            {difference.what === 'note' && <span className="faint"> note on the canvas</span>}
            {difference.kind === 'changed' &&
              difference.fields.map((field) => <Field key={field.field} change={field} />)}
          </div>
        </li>
      ))}
      {differences.length > SHOWN_MAX && (
        <li className="faint">{differences.length - SHOWN_MAX} more are not shown.</li>
      )}
      {moved > 0 && <li className="faint">{moved === 1 ? '1 step' : `${moved} steps`} only moved on the canvas.</li>}
      {movedNotes > 0 && (
        <li className="faint">{movedNotes === 1 ? '1 note' : `${movedNotes} notes`} only moved, or changed in size.</li>
      )}
    </ul>
  )
}

function Field({ change }: { change: FieldChange }) {
  return (
    <p>
      <code>{change.field}</code> <Shown value={change.before} /> → <Shown value={change.after} />
    </p>
  )
}

/** A value in a line; nothing where there is none. */
export function Shown({ value }: { value: unknown }) {
  if (value === undefined) return <span className="faint">nothing</span>
  const text = JSON.stringify(value)
  return <code title={text}>{text.length > CHARS_MAX ? `${text.slice(0, CHARS_MAX)}…` : text}</code>
}
