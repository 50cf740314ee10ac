import { useState } from 'react'

import { useLoad } from '../app/load'
import { useStore } from '../app/store'
import type { GraphNode } from '../document/graph'
import { ancestors } from '../document/rules'
import { Icon } from '../ui/icon'
import { say } from '../ui/toast'
import type { Editing } from '../workflows/editing'
import { knownOf } from './reading'
import { partsOf } from './sample'
import type { Sample } from './sample'

/**
 * What expressions of a node may read, with what it was in an execution. A click puts it in where one writes.
 */
export function DataList({ editing, node }: { editing: Editing; node: GraphNode }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <details className="data-list" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Icon name="data" /> Data from before
      </summary>
      {isOpen && <Sources editing={editing} node={node} />}
    </details>
  )
}

function Sources({ editing, node }: { editing: Editing; node: GraphNode }) {
  const basis = useStore(editing, (state) => state.basis)
  const heard = useStore(editing, (state) => state.sample)
  const sample = useLoad(() => knownOf(editing), `sample ${editing.draft.id} ${basis?.id ?? ''} ${heard !== null}`)
  const steps = ancestors(editing.graph, node.id)
  const outputs = sample.value?.outputs ?? new Map<string, unknown>()
  return (
    <>
      <p className="form-help">
        {!sample.value
          ? 'Once it has run, values are shown here.'
          : basis
            ? 'Values are those of the execution above.'
            : 'Values are those of the newest execution.'}{' '}
        A click puts an expression in where you were writing.
      </p>
      <Source name="input" label="Input of the execution" value={sample.value?.input} />
      {steps.map((id) => (
        <Source key={id} name={`steps.${id}`} label={editing.named(id)} value={outputs.get(id)} />
      ))}
    </>
  )
}

function Source({ name, label, value }: { name: string; label: string; value: unknown }) {
  return (
    <div className="data-source">
      <button type="button" title={label} onMouseDown={(event) => event.preventDefault()} onClick={() => insert(name)}>
        <code>{name}</code> <span className="faint">{label}</span>
      </button>
      {partsOf(name, value).map((part) => (
        <Part key={part.name} part={part} />
      ))}
    </div>
  )
}

function Part({ part }: { part: Sample }) {
  return (
    <button
      type="button"
      className="data-part"
      style={{ paddingLeft: `${12 + part.depth * 14}px` }}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => insert(part.name)}
    >
      <code>{part.key}</code> <span>{part.shown}</span>
    </button>
  )
}

/** Types the expression at the cursor, as if by hand, so that undo and the form see it. */
function insert(name: string): void {
  const field = document.activeElement
  const isField = field instanceof HTMLTextAreaElement || (field instanceof HTMLInputElement && field.type === 'text')
  if (!isField) return say('Click into a field first; then a click here writes there.')
  const before = field.value.slice(0, field.selectionStart ?? 0)
  const isInside = before.lastIndexOf('{{') > before.lastIndexOf('}}')
  document.execCommand('insertText', false, isInside ? name : `{{ ${name} }}`)
}
