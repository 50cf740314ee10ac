import { useMemo } from 'react'

import { start } from '../api/calls'
import { useAttempt } from '../app/attempt'
import { navigate, to } from '../app/router'
import { unique } from '../app/unique'
import { FormDialog } from '../ui/form-dialog'
import { BeginFields, useBeginning } from './begin-fields'
import type { Editing } from './editing'

/** Starts the newest version, and goes to where one sees it run. */
export function RunDialog({ editing, onClose }: { editing: Editing; onClose: () => void }) {
  const beginning = useBeginning(editing)
  const { error, attempt } = useAttempt()
  const key = useMemo(unique, [beginning.input, beginning.trigger])
  const title = `Run version ${editing.draft.get().published ?? ''}`
  const submit = () =>
    attempt(async () => {
      const started = await start({ workflow_id: editing.draft.id, ...beginning.wish }, key)
      navigate(to.execution(started.id))
    })
  return (
    <FormDialog title={title} submit="Start" icon="play" error={error} onSubmit={submit} onClose={onClose}>
      <BeginFields beginning={beginning} />
    </FormDialog>
  )
}
