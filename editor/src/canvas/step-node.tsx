import { Handle, Position } from '@xyflow/react'
import type { NodeProps } from '@xyflow/react'
import { memo } from 'react'

import { Icon } from '../ui/icon'
import { statusIcon } from '../ui/status'
import type { StepData, StepNode } from './adapter'
import { categoryOf, iconOf } from './categories'
import { useDistance } from './far'
import { ERROR, IN, UNDO, handleOf, shareOf } from './handles'
import { useNodeMark } from './marks'
import type { NodeMark } from './marks'

/** One step: what it is, its ports, and what is to be said of it. */
export const StepCard = memo(function StepCard({ id, data, selected }: NodeProps<StepNode>) {
  const mark = useNodeMark(id)
  const said = attributesOf(id, data, selected, mark)
  const distance = useDistance()
  if (distance !== 'near') {
    return (
      <div className={`step far ${distance === 'far' ? 'named' : ''}`} title={data.label} {...said}>
        {distance === 'far' && <strong>{data.label}</strong>}
      </div>
    )
  }
  return (
    <div className="step" data-ports={data.ports.length > 1 ? 'many' : 'one'} {...said}>
      <span className="step-icon">
        <Icon name={iconOf(data.type)} />
      </span>
      <span className="step-words">
        <strong title={data.label}>{data.label}</strong>
        <span>{mark.status ? statusWords(mark) : data.isKnown ? data.title : `unknown: ${data.type}`}</span>
      </span>
      <Badge mark={mark} />
      {(data.atLast || data.isPinned) && (
        <span className="step-tag">
          {[data.atLast && 'at last', data.isPinned && 'pinned'].filter(Boolean).join(', ')}
        </span>
      )}
      <StepNote note={data.note} />
      <Ports data={data} />
    </div>
  )
})

/** A container: what it holds is drawn on top of it. */
export const ContainerCard = memo(function ContainerCard({ id, data, selected }: NodeProps<StepNode>) {
  const mark = useNodeMark(id)
  const said = attributesOf(id, data, selected, mark)
  if (useDistance() !== 'near') return <div className="container far" title={data.label} {...said} />
  return (
    <div className="container" {...said}>
      <header>
        <Icon name={iconOf(data.type)} />
        <strong title={data.label}>{data.label}</strong>
        <span>{mark.status ? statusWords(mark) : data.title}</span>
        <Badge mark={mark} />
      </header>
      <StepNote note={data.note} />
      <Ports data={data} />
    </div>
  )
})

function attributesOf(id: string, data: StepData, isSelected: boolean, mark: NodeMark) {
  return {
    'data-node': id,
    'data-category': categoryOf(data.type),
    'data-status': mark.status,
    'data-problem': mark.problem,
    'data-candidate': mark.isCandidate,
    'data-selected': isSelected,
  }
}

function statusWords(mark: NodeMark): string {
  const status = (mark.status ?? '').replace('_', ' ')
  return mark.note ? `${status}, ${mark.note}` : status
}

function Badge({ mark }: { mark: NodeMark }) {
  if (mark.status && mark.status !== 'pending') {
    return (
      <span className="step-badge">
        <Icon name={statusIcon(mark.status)} />
      </span>
    )
  }
  if (!mark.problem) return null
  return (
    <span className="step-badge" title="There is something to look at: see Problems">
      <Icon name="warn" />
    </span>
  )
}

/** That people said something of it: all of it is in the inspector. */
function StepNote({ note }: { note: string }) {
  if (note === '') return null
  return (
    <span className="step-note" title={note}>
      <Icon name="note" />
      <span className="visually-hidden">Has a note</span>
    </span>
  )
}

function Ports({ data }: { data: StepData }) {
  const many = data.ports.length > 1
  return (
    <>
      {!data.isTrigger && <Handle id={IN} type="target" position={Position.Left} />}
      {data.ports.map((port, at) => (
        <Handle
          key={port}
          id={handleOf(port)}
          type="source"
          position={Position.Right}
          style={{ top: `${shareOf(at, data.ports.length) * 100}%` }}
          title={port}
        >
          {many && <span className="port-name">{port}</span>}
        </Handle>
      ))}
      {!data.isTrigger && (
        <>
          <Handle
            id={ERROR}
            type="source"
            position={Position.Bottom}
            className={data.hasError ? 'error used' : 'error'}
            title="When it fails"
          />
          <Handle
            id={UNDO}
            type="source"
            position={Position.Bottom}
            className={data.hasUndo ? 'undo used' : 'undo'}
            title="Undone by"
          />
        </>
      )}
    </>
  )
}
