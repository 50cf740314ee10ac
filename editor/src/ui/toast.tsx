import { Store, useStore } from '../app/store'

interface Note {
  text: string
  kind: 'said' | 'wrong'
}

const SHOWN_MS = 6_000
const store = new Store<{ note: Note | null }>({ note: null })
let timer: ReturnType<typeof setTimeout> | undefined

/** Says something that passes; screen readers hear it, too. */
export function say(text: string, kind: Note['kind'] = 'said'): void {
  clearTimeout(timer)
  store.set({ note: { text, kind } })
  timer = setTimeout(() => store.set({ note: null }), SHOWN_MS)
}

export function Toasts() {
  const note = useStore(store, (state) => state.note)
  return (
    <div className="toasts" role="status" aria-live="polite">
      {note && <p className={`toast ${note.kind}`}>{note.text}</p>}
    </div>
  )
}
