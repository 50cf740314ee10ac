import { useMemo, useState } from 'react'

import { start } from '../api/calls'
import type { Execution } from '../api/types'
import { useAttempt } from '../app/attempt'
import { navigate, to } from '../app/router'
import { unique } from '../app/unique'
import { JsonInput } from '../inspector/json-input'
import { FormDialog } from '../ui/form-dialog'

/** A new execution of the newest version, from the beginning, with the same input or another. */
export function Again({ execution, onClose }: { execution: Execution; onClose: () => void }) {
  const [input, setInput] = useState<unknown>(execution.input)
  const { error, attempt } = useAttempt()
  const key = useMemo(unique, [input])
  const submit = () =>
    attempt(async () => {
      const { workflow_id, trigger } = execution
      navigate(to.execution((await start({ workflow_id, trigger, input: input ?? {} }, key)).id))
    })
  return (
    <FormDialog title="Run it again" submit="Start" icon="play" error={error} onSubmit={submit} onClose={onClose}>
      <p className="faint">All of it, on the newest version. “Restart” keeps what is done instead.</p>
      <label className="field">
        <span>Input</span>
        <JsonInput id="again-input" value={input} onChange={setInput} rows={6} />
      </label>
    </FormDialog>
  )
}
