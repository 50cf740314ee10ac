import type { KeyboardEvent } from 'react'

import type { Note } from '../document/graph'
import { NOTE_CHARS_MAX, NOTE_COLORS, NOTE_MIN, SIDE_PX_MAX, colorOf, noteSize } from '../document/notes'
import { Icon } from '../ui/icon'
import { IconButton } from '../ui/icon-button'
import type { Editing } from '../workflows/editing'

/** A note on the canvas: its text, its colour and its size. */
export function NoteForm({ editing, note }: { editing: Editing; note: Note }) {
  const { notes, isReadOnly } = editing
  const color = colorOf(note)
  return (
    <aside className="inspector" aria-label="Inspector" data-testid="inspector" onKeyDown={backToCanvas}>
      <header>
        <Icon name="note" />
        <div>
          <h2>Note</h2>
          <p className="faint">For people: nothing that runs looks at it.</p>
        </div>
        <IconButton icon="close" label="Close" onClick={() => editing.select({ nodes: new Set(), edges: new Set() })} />
      </header>
      <div className="inspector-body note-form">
        <label className="field">
          <span>Text</span>
          <textarea
            rows={6}
            value={note.text}
            maxLength={NOTE_CHARS_MAX}
            disabled={isReadOnly}
            onChange={(event) => notes.write(note.id, event.target.value)}
          />
        </label>
        <fieldset className="note-colors" disabled={isReadOnly}>
          <legend>Colour</legend>
          {NOTE_COLORS.map((name) => (
            <label key={name} data-color={name}>
              <input
                type="radio"
                name="note-color"
                checked={name === color}
                onChange={() => notes.paint(note.id, name)}
              />
              {name}
            </label>
          ))}
        </fieldset>
        <div className="note-sides">
          <Side editing={editing} note={note} side="width" />
          <Side editing={editing} note={note} side="height" />
        </div>
        <div className="note-actions">
          <button type="button" disabled={isReadOnly} onClick={() => editing.duplicate()}>
            <Icon name="copy" /> Duplicate
          </button>
          <button type="button" className="danger" disabled={isReadOnly} onClick={() => editing.remove()}>
            <Icon name="trash" /> Delete
          </button>
        </div>
      </div>
    </aside>
  )
}

/** Taken over when one leaves the field: what is half written is no size. */
function Side({ editing, note, side }: { editing: Editing; note: Note; side: 'width' | 'height' }) {
  const size = noteSize(note)
  const take = (input: HTMLInputElement) => {
    const px = input.valueAsNumber
    if (Number.isFinite(px) && px !== size[side]) editing.notes.resize(note.id, { ...size, [side]: px })
    else input.value = String(size[side])
  }
  return (
    <label className="field">
      <span>{side === 'width' ? 'Width' : 'Height'}</span>
      <input
        key={size[side]}
        type="number"
        step={8}
        min={NOTE_MIN[side]}
        max={SIDE_PX_MAX}
        defaultValue={size[side]}
        disabled={editing.isReadOnly}
        onBlur={(event) => take(event.currentTarget)}
        onKeyDown={(event) => event.key === 'Enter' && take(event.currentTarget)}
      />
    </label>
  )
}

function backToCanvas(event: KeyboardEvent): void {
  if (event.key === 'Escape') document.querySelector<HTMLElement>('.canvas')?.focus()
}
