import { useMemo, useState } from 'react'
import type { FormEvent } from 'react'

import { start } from '../api/calls'
import { ApiError } from '../api/client'
import { navigate, to } from '../app/router'
import { unique } from '../app/unique'
import { labelOf } from '../document/graph'
import type { GraphNode } from '../document/graph'
import { JsonInput } from '../inspector/json-input'
import { Dialog } from '../ui/dialog'
import { Failure } from '../ui/failure'
import { Icon } from '../ui/icon'
import type { Editing } from './editing'

/** Starts the newest version, and goes to where one sees it run. */
export function RunDialog({ editing, onClose }: { editing: Editing; onClose: () => void }) {
  const triggers = editing.graph.nodes.filter((node) => editing.catalogue.roleOf(node.type) === 'trigger')
  const [trigger, setTrigger] = useState(triggers[0]?.id ?? '')
  const [input, setInput] = useState<unknown>(() => sampleInput(triggers[0]))
  const [error, setError] = useState<ApiError | null>(null)
  const key = useMemo(unique, [])
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    try {
      const wish = { workflow_id: editing.draft.id, input: input ?? {}, ...(triggers.length > 1 ? { trigger } : {}) }
      const started = await start(wish, key)
      navigate(to.execution(started.id))
    } catch (refused) {
      setError(ApiError.of(refused))
    }
  }
  return (
    <Dialog title={`Run version ${editing.draft.get().published ?? ''}`} onClose={onClose}>
      <form className="stack" onSubmit={(event) => void submit(event)}>
        {triggers.length > 1 && (
          <label className="field">
            <span>Begins at</span>
            <select value={trigger} onChange={(event) => setTrigger(event.target.value)}>
              {triggers.map((node) => (
                <option key={node.id} value={node.id}>
                  {labelOf(node)}
                </option>
              ))}
            </select>
          </label>
        )}
        <label className="field">
          <span>Input</span>
          <JsonInput id="run-input" value={input} onChange={setInput} rows={6} />
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

/** The fields of a form, to be filled in; an empty object for other triggers. */
function sampleInput(trigger: GraphNode | undefined): unknown {
  const fields = trigger?.data?.config?.['fields']
  if (!Array.isArray(fields)) return {}
  const samples: Record<string, unknown> = { number: 1, checkbox: true, email: 'ada@example.com' }
  return Object.fromEntries(
    fields.flatMap((field: { name?: string; type?: string; options?: string[] }) =>
      field.name ? [[field.name, field.options?.[0] ?? samples[field.type ?? ''] ?? field.name]] : [],
    ),
  )
}
