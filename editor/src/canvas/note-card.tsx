import { NodeResizeControl } from '@xyflow/react'
import type { NodeProps } from '@xyflow/react'
import { createContext, memo, useContext, useEffect, useRef, useState } from 'react'
import type { KeyboardEvent, SyntheticEvent } from 'react'

import { Store, useStore } from '../app/store'
import type { Size } from '../document/geometry'
import { NOTE_CHARS_MAX, NOTE_MIN, SIDE_PX_MAX } from '../document/notes'
import type { NoteNode } from './adapter'
import { useIsFar } from './far'
import '../styles/notes.css'

/** What a person may do to notes; a canvas without it only shows them. */
export interface NoteEdits {
  /** The note that is being written. */
  readonly writing: Store<{ id: string | null }>
  begin(id: string): void
  write(id: string, text: string): void
  finish(): void
  resize(id: string, size: Size): void
}

const NOBODY = new Store<{ id: string | null }>({ id: null })
const Context = createContext<NoteEdits | null>(null)
export const NotesProvider = Context.Provider

/** Text behind the steps: shown as it is, and written in place. */
export const NoteCard = memo(function NoteCard({ data, selected, width, height }: NodeProps<NoteNode>) {
  const edits = useContext(Context)
  const isWritten = useStore(edits?.writing ?? NOBODY, (state) => state.id === data.id)
  const [size, setSize] = useState<Size | null>(null)
  const said = { 'data-note': data.id, 'data-color': data.color, 'data-selected': selected }
  if (useIsFar()) return <div className="note far" {...said} />
  return (
    <div className="note" {...said} style={size ?? { width, height }} onDoubleClick={() => edits?.begin(data.id)}>
      {isWritten && edits ? (
        <Writing key={data.id} id={data.id} text={data.text} edits={edits} />
      ) : (
        <p>{data.text || <span className="note-empty">{edits ? 'Enter writes' : ''}</span>}</p>
      )}
      {edits && selected && (
        <NodeResizeControl
          className="note-corner nodrag"
          position="bottom-right"
          minWidth={NOTE_MIN.width}
          minHeight={NOTE_MIN.height}
          maxWidth={SIDE_PX_MAX}
          maxHeight={SIDE_PX_MAX}
          onResize={(_event, to) => setSize({ width: to.width, height: to.height })}
          onResizeEnd={(_event, to) => {
            setSize(null)
            edits.resize(data.id, to)
          }}
        />
      )}
    </div>
  )
})

/** Keys, copying and pasting are those of the text, not of the canvas around it. */
function Writing({ id, text, edits }: { id: string; text: string; edits: NoteEdits }) {
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    // Whatever was closed for this gives the focus back first.
    const frame = requestAnimationFrame(() => {
      const end = field.current?.value.length ?? 0
      field.current?.focus({ preventScroll: true })
      field.current?.setSelectionRange(end, end)
    })
    return () => cancelAnimationFrame(frame)
  }, [])
  const key = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    event.stopPropagation()
    const isOver = event.key === 'Escape' || (event.key === 'Enter' && (event.ctrlKey || event.metaKey))
    if (!isOver) return
    event.preventDefault()
    event.nativeEvent.stopPropagation()
    edits.finish()
    field.current?.closest<HTMLElement>('.canvas')?.focus()
  }
  const stop = (event: SyntheticEvent) => event.stopPropagation()
  return (
    <textarea
      ref={field}
      className="nodrag nopan nowheel"
      aria-label="Text of the note"
      value={text}
      maxLength={NOTE_CHARS_MAX}
      onChange={(event) => edits.write(id, event.target.value)}
      onBlur={() => edits.finish()}
      onKeyDown={key}
      onCopy={stop}
      onCut={stop}
      onPaste={stop}
      onDoubleClick={stop}
    />
  )
}
