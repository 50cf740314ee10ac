import { useState } from 'react'
import type { DragEvent, RefObject } from 'react'

import { useLoad } from '../app/load'
import { useStore } from '../app/store'
import type { GraphNode } from '../document/graph'
import { ancestors } from '../document/rules'
import { Icon } from '../ui/icon'
import { say } from '../ui/toast'
import type { Editing } from '../workflows/editing'
import { DRAGGED_DATA, typeIn } from './insertion'
import { knownOf } from './reading'
import { partsOf } from './sample'
import type { Sample } from './sample'

interface Props {
  editing: Editing
  node: GraphNode
  /** The field in which one wrote last. */
  written: RefObject<HTMLTextAreaElement | null>
}

/**
 * What expressions of a node may read, with what it was in an execution. It is dragged into fields, and a click puts it in
 * where one wrote.
 */
export function DataList({ editing, node, written }: Props) {
  const [isOpen, setOpen] = useState(false)
  return (
    <details className="data-list" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Icon name="data" /> Data from before
      </summary>
      {isOpen && <Sources editing={editing} node={node} written={written} />}
    </details>
  )
}

function Sources({ editing, node, written }: Props) {
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
        Drag them into a field; a click puts an expression in where you were writing.
      </p>
      <Source name="input" label="Input of the execution" value={sample.value?.input} written={written} />
      {steps.map((id) => (
        <Source key={id} name={`steps.${id}`} label={editing.named(id)} value={outputs.get(id)} written={written} />
      ))}
    </>
  )
}

interface SourceProps extends Pick<Props, 'written'> {
  name: string
  label: string
  value: unknown
}

function Source({ name, label, value, written }: SourceProps) {
  return (
    <div className="data-source">
      <button type="button" title={label} {...giving(name, written)}>
        <code>{name}</code> <span className="faint">{label}</span>
      </button>
      {partsOf(name, value).map((part) => (
        <Part key={part.name} part={part} written={written} />
      ))}
    </div>
  )
}

function Part({ part, written }: { part: Sample } & Pick<Props, 'written'>) {
  return (
    <button
      type="button"
      className="data-part"
      style={{ paddingLeft: `${12 + part.depth * 14}px` }}
      {...giving(part.name, written)}
    >
      <code>{part.key}</code> <span>{part.shown}</span>
    </button>
  )
}

/** Attributes of a button whose data can be dragged away, or goes where one wrote last. */
function giving(name: string, written: Props['written']) {
  return {
    draggable: true,
    onDragStart: (event: DragEvent) => {
      event.dataTransfer.setData(DRAGGED_DATA, name)
      event.dataTransfer.effectAllowed = 'copy'
    },
    onClick: () => {
      const field = written.current
      if (field?.isConnected) typeIn(field, name)
      else say('Click into a field first; then a click here writes there. Or drag it into one.')
    },
  }
}
