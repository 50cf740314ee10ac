import { memo } from 'react'

import type { Execution, Step, StepStatus } from '../api/types'
import { setQuery, useQuery } from '../app/router'
import { between, span } from '../ui/time'
import { hasEnded, keyOf } from './steps'
import { timeScale } from './time-scale'

/** More rows would be no picture. */
const ROWS_MAX = 300

/** When each step was fired and settled, on one line of time. */
export function Timeline({ execution }: { execution: Execution }) {
  const chosen = useQuery('step')
  const steps = execution.steps.filter((step) => step.fired_at !== null && step.status !== 'skipped').sort(byTime)
  const begun = Date.parse(execution.created_at)
  const now = hasEnded(execution) ? Date.parse(execution.ended_at ?? '') : Date.now()
  const times = steps.flatMap((step) => [Date.parse(step.fired_at ?? ''), endOf(step, now)])
  const scale = timeScale([begun, ...times, now])
  return (
    <div className="timeline-rows" data-testid="timeline">
      {scale.gaps.map((gap) => (
        <span
          key={gap.from}
          className="timeline-gap"
          style={{ left: `calc(190px + (100% - 290px) * ${(gap.from + gap.to) / 2})` }}
        >
          {span(gap.ms)}
        </span>
      ))}
      {steps.slice(0, ROWS_MAX).map((step) => {
        const [from, until] = [scale.at(Date.parse(step.fired_at ?? '')), scale.at(endOf(step, now))]
        return (
          <Row
            key={keyOf(step)}
            step={keyOf(step)}
            label={step.label}
            scope={step.scope}
            status={step.status}
            left={percent(from)}
            width={percent(Math.max(0.004, until - from))}
            took={between(step.fired_at ?? '', step.settled_at, now)}
            isChosen={chosen === keyOf(step)}
          />
        )
      })}
      {steps.length > ROWS_MAX && <p className="faint">{steps.length - ROWS_MAX} more steps are not drawn.</p>}
    </div>
  )
}

interface RowProps {
  step: string
  label: string
  scope: string
  status: StepStatus
  left: string
  width: string
  took: string
  isChosen: boolean
}

/** Drawn anew only where it looks otherwise: while others run, most rows stay as they are. */
const Row = memo(function Row({ step, label, scope, status, left, width, took, isChosen }: RowProps) {
  return (
    <button type="button" className="timeline-row" aria-current={isChosen} onClick={() => setQuery('step', step)}>
      <span className="timeline-name">
        {label} {scope && <span className="faint">{scope}</span>}
      </span>
      <span className="timeline-track">
        <span className="timeline-bar" data-status={status} style={{ left, width }} />
      </span>
      <span className="timeline-span">{took}</span>
    </button>
  )
})

/** As fine as can be seen. */
function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`
}

function byTime(a: Step, b: Step): number {
  return Date.parse(a.fired_at ?? '') - Date.parse(b.fired_at ?? '')
}

function endOf(step: Step, now: number): number {
  return step.settled_at === null ? now : Date.parse(step.settled_at)
}
