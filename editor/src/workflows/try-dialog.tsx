import { useMemo, useState } from 'react'

import { ApiError } from '../api/client'
import { runDraft, simulate } from '../api/trying'
import { navigate, to } from '../app/router'
import { unique } from '../app/unique'
import { pinnedIds } from '../document/pinned'
import { Dialog } from '../ui/dialog'
import { Failure } from '../ui/failure'
import { Icon } from '../ui/icon'
import { BeginFields, useBeginning } from './begin-fields'
import type { Editing } from './editing'
import { saved } from './saved'

/** Tries the draft out before it is published: without any effect, or for real. */
export function TryDialog({ editing, onClose }: { editing: Editing; onClose: () => void }) {
  const { draft } = editing
  const basis = editing.get().basis
  const beginning = useBeginning(editing)
  const pinned = pinnedIds(editing.graph).length
  const [usesPinned, setUsesPinned] = useState(pinned > 0)
  const [fillsIn, setFillsIn] = useState(false)
  const [error, setError] = useState<ApiError | null>(null)
  const key = useMemo(unique, [usesPinned, beginning.input, beginning.trigger])
  const accepted = error?.code === 'never_right' ? [...new Set(error.errors.map((found) => found.code))] : []

  const attempt = async (work: () => Promise<void>) => {
    try {
      await saved(draft)
      await work()
    } catch (refused) {
      setError(ApiError.of(refused))
    }
  }
  const run = () =>
    attempt(async () => {
      const trial = await runDraft(draft.id, { ...beginning.wish, pinned: usesPinned }, accepted, key)
      navigate(to.execution(trial.id))
    })
  const look = () =>
    attempt(async () => {
      const record = basis ? { of_execution: basis.id } : {}
      const unstubbed = fillsIn ? ('null' as const) : ('fail' as const)
      editing.showSimulated(await simulate(draft.id, { ...beginning.wish, ...record, unstubbed }))
      onClose()
    })
  return (
    <Dialog title="Try the draft out" onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void look()
        }}
      >
        <BeginFields beginning={beginning} />
        <label className="check">
          <input type="checkbox" checked={fillsIn} onChange={(event) => setFillsIn(event.target.checked)} />
          <span>In a simulation, steps with effects of which nothing is known give null</span>
        </label>
        {pinned > 0 && (
          <label className="check">
            <input type="checkbox" checked={usesPinned} onChange={(event) => setUsesPinned(event.target.checked)} />
            <span>For real, what is pinned stands for {pinned === 1 ? 'its step' : `its ${pinned} steps`}</span>
          </label>
        )}
        {error && <Failure error={error} />}
        <p className="faint">A simulation has no effects and takes no time. For real, everything happens.</p>
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="button" onClick={() => void run()}>
            <Icon name="bolt" /> {accepted.length > 0 ? 'Run it with these errors' : 'Run it for real'}
          </button>
          <button className="primary">
            <Icon name="play" /> Simulate
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
