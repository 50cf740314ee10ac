import { useStore } from '../app/store'
import { ago } from '../ui/time'
import type { Editing } from './editing'

/** Two edited the same draft: nothing is overwritten before one says so. */
export function Conflict({ editing }: { editing: Editing }) {
  const save = useStore(editing.draft, (state) => state.save)
  if (save.kind !== 'conflict') return null
  return (
    <div className="conflict" role="alert">
      <p>
        <strong>This draft was saved elsewhere {ago(save.theirs.updated_at)}.</strong> What you see is yours, and the
        browser keeps it. Whichever you take, undo brings back the other one.
      </p>
      {save.base && (
        <button type="button" className="primary" onClick={() => editing.ask({ what: 'merge' })}>
          Merge…
        </button>
      )}
      <button type="button" onClick={() => editing.draft.takeTheirs()}>
        Take theirs
      </button>
      <button type="button" onClick={() => editing.draft.keepMine()}>
        Keep mine
      </button>
    </div>
  )
}
