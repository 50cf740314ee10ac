import { useMemo, useState } from 'react'

import { labelOf } from '../document/graph'
import type { GraphNode } from '../document/graph'
import { JsonInput } from '../inspector/json-input'
import { beginningOf } from './basis'
import type { Editing } from './editing'

export interface Beginning {
  triggers: readonly GraphNode[]
  trigger: string
  input: unknown
  setTrigger: (trigger: string) => void
  setInput: (input: unknown) => void
  /** As requests have it: a trigger is named where there are several. */
  wish: { trigger?: string; input: unknown }
}

/** Where something begins, and with what: as the execution did whose data one works with, else with a sample. */
export function useBeginning(editing: Editing): Beginning {
  const { graph, catalogue } = editing
  const triggers = graph.nodes.filter((node) => catalogue.roleOf(node.type) === 'trigger')
  const past = beginningOf(editing.get().basis, graph) ?? editing.get().sample
  // One that leads somewhere, where there is one.
  const first = triggers.find(({ id }) => graph.edges.some((edge) => edge.source === id)) ?? triggers[0]
  const [trigger, chooseTrigger] = useState(past?.trigger ?? first?.id ?? '')
  const [written, setInput] = useState<unknown>(past?.input)
  // Until something is written, it is what the trigger could be sent.
  const sample = useMemo(() => sampleInput(triggers.find(({ id }) => id === trigger)), [graph, trigger])
  const input = written ?? sample
  const setTrigger = (next: string) => {
    chooseTrigger(next)
    if (next !== past?.trigger) setInput((before: unknown) => (before === past?.input ? undefined : before))
  }
  const wish = { input, ...(triggers.length > 1 ? { trigger } : {}) }
  return { triggers, trigger, input, setTrigger, setInput, wish }
}

export function BeginFields({ beginning }: { beginning: Beginning }) {
  const { triggers, trigger, input, setTrigger, setInput } = beginning
  return (
    <>
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
      {isBroken(input) && (
        <p className="form-problem" role="status">
          This is no JSON yet: it would be sent as text.
        </p>
      )}
    </>
  )
}

/** Text that began as an object or a list. */
function isBroken(input: unknown): boolean {
  return typeof input === 'string' && /^\s*[{[](?!\{)/.test(input)
}

/** The fields of a form, to be filled in; an empty object for other triggers. */
export function sampleInput(trigger: GraphNode | undefined): unknown {
  const fields = trigger?.data?.config?.['fields']
  if (!Array.isArray(fields)) return {}
  const samples: Record<string, unknown> = { number: 1, checkbox: true, email: 'ada@example.com' }
  return Object.fromEntries(
    fields.flatMap((field: { name?: string; type?: string; options?: string[] }) =>
      field.name ? [[field.name, field.options?.[0] ?? samples[field.type ?? ''] ?? field.name]] : [],
    ),
  )
}
