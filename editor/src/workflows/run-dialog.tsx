import { useMemo, useState } from 'react'
import type { FormEvent } from 'react'

import { start } from '../api/calls'
import { ApiError } from '../api/client'
import { navigate, to } from '../app/router'
import { unique } from '../app/unique'
import { Dialog } from '../ui/dialog'
import { Failure } from '../ui/failure'
import { Icon } from '../ui/icon'
import { BeginFields, useBeginning } from './begin-fields'
import type { Editing } from './editing'

/** Starts the newest version, and goes to where one sees it run. */
export function RunDialog({ editing, onClose }: { editing: Editing; onClose: () => void }) {
  const beginning = useBeginning(editing)
  const [error, setError] = useState<ApiError | null>(null)
  const key = useMemo(unique, [])
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    try {
      const started = await start({ workflow_id: editing.draft.id, ...beginning.wish }, key)
      navigate(to.execution(started.id))
    } catch (refused) {
      setError(ApiError.of(refused))
    }
  }
  return (
    <Dialog title={`Run version ${editing.draft.get().published ?? ''}`} onClose={onClose}>
      <form className="stack" onSubmit={(event) => void submit(event)}>
        <BeginFields beginning={beginning} />
        {error && <Failure error={error} />}
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button className="primary">
            <Icon name="play" /> Start
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
