import { useId } from 'react'

import type { RecordType } from '../../api/records'
import { STATE_HEIGHT_PX, STATE_WIDTH_PX, drawn } from './machine'
import '../../styles/records.css'

const LABEL_CHARS_MAX = 16

/** States and ways, as a drawing; what it shows is told in words beside it. `current` is the state of a record. */
export function Diagram({ type, current }: { type: RecordType; current?: string }) {
  const arrow = useId()
  const { width, height, states, ways } = drawn(type)
  const where = current === undefined ? '' : `; the record is in ${current}`
  return (
    <div className="machine" tabIndex={0} role="group" aria-label={`States of ${type.label}`}>
      <svg
        role="img"
        aria-label={`${type.states.length} states, ${type.transitions.length} ways between them${where}`}
        viewBox={`0 0 ${width} ${height}`}
        width={width}
        height={height}
      >
        <marker id={arrow} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
          <path d="M0 0 8 4 0 8z" />
        </marker>
        {ways.map(({ from, to, path }) => (
          <path
            key={`${from} ${to}`}
            className="machine-way"
            data-open={from === current}
            d={path}
            markerEnd={`url(#${arrow})`}
          />
        ))}
        {states.map(({ name, label, kind, x, y }) => (
          <g key={name} className="machine-state" data-kind={kind} data-current={name === current}>
            <title>{label}</title>
            <rect x={x} y={y} width={STATE_WIDTH_PX} height={STATE_HEIGHT_PX} rx="8" />
            <text x={x + STATE_WIDTH_PX / 2} y={y + STATE_HEIGHT_PX / 2}>
              {label.length > LABEL_CHARS_MAX ? `${label.slice(0, LABEL_CHARS_MAX - 1)}…` : label}
            </text>
          </g>
        ))}
      </svg>
    </div>
  )
}
