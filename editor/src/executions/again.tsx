import { useMemo, useState } from 'react'

import { start } from '../api/calls'
import { ApiError } from '../api/client'
import type { Execution } from '../api/types'
import { navigate, to } from '../app/router'
import { unique } from '../app/unique'
import { JsonInput } from '../inspector/json-input'
import { Dialog } from '../ui/dialog'
import { Failure } from '../ui/failure'
import { Icon } from '../ui/icon'

/** A new execution of the newest version, from the beginning, with the same input or another. */
export function Again({ execution, onClose }: { execution: Execution; onClose: () => void }) {
  const [input, setInput] = useState<unknown>(execution.input)
  const [error, setError] = useState<ApiError | null>(null)
  const key = useMemo(unique, [input])
  const submit = async () => {
    try {
      const { workflow_id, trigger } = execution
      navigate(to.execution((await start({ workflow_id, trigger, input: input ?? {} }, key)).id))
    } catch (refused) {
      setError(ApiError.of(refused))
    }
  }
  return (
    <Dialog title="Run it again" onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <p className="faint">All of it, on the newest version. “Restart” keeps what is done instead.</p>
        <label className="field">
          <span>Input</span>
          <JsonInput id="again-input" value={input} onChange={setInput} rows={6} />
        </label>
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
