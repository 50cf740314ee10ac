import { useState } from 'react'

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
  const [trigger, setTrigger] = useState(past?.trigger ?? triggers[0]?.id ?? '')
  const [input, setInput] = useState<unknown>(() => past?.input ?? sampleInput(triggers[0]))
  const wish = { input: input ?? {}, ...(triggers.length > 1 ? { trigger } : {}) }
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
    </>
  )
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
