import { useMemo, useState } from 'react'

import { runDraft, simulate } from '../api/trying'
import { useAttempt } from '../app/attempt'
import { navigate, to } from '../app/router'
import { unique } from '../app/unique'
import { pinnedIds } from '../document/pinned'
import { FormDialog } from '../ui/form-dialog'
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
  const { error, attempt } = useAttempt()
  const key = useMemo(unique, [usesPinned, beginning.input, beginning.trigger])
  const accepted = error?.code === 'never_right' ? [...new Set(error.errors.map((found) => found.code))] : []

  const run = () =>
    attempt(async () => {
      await saved(draft)
      const trial = await runDraft(draft.id, { ...beginning.wish, pinned: usesPinned }, accepted, key)
      navigate(to.execution(trial.id))
    })
  const look = () =>
    attempt(async () => {
      await saved(draft)
      const record = basis ? { of_execution: basis.id } : {}
      const unstubbed = fillsIn ? ('null' as const) : ('fail' as const)
      editing.showSimulated(await simulate(draft.id, { ...beginning.wish, ...record, unstubbed }))
      onClose()
    })
  const others = (
    <button type="button" onClick={() => void run()}>
      <Icon name="bolt" /> {accepted.length > 0 ? 'Run it with these errors' : 'Run it for real'}
    </button>
  )
  return (
    <FormDialog
      title="Try the draft out"
      submit="Simulate"
      icon="play"
      error={error}
      onSubmit={look}
      onClose={onClose}
      others={others}
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
      <p className="faint">A simulation has no effects and takes no time. For real, everything happens.</p>
    </FormDialog>
  )
}
