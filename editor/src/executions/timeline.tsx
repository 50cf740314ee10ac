import type { Execution, Step } from '../api/types'
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
          <button
            key={keyOf(step)}
            type="button"
            className="timeline-row"
            aria-current={chosen === keyOf(step)}
            onClick={() => setQuery('step', keyOf(step))}
          >
            <span className="timeline-name">
              {step.label} {step.scope && <span className="faint">{step.scope}</span>}
            </span>
            <span className="timeline-track">
              <span
                className="timeline-bar"
                data-status={step.status}
                style={{ left: `${from * 100}%`, width: `${Math.max(0.4, (until - from) * 100)}%` }}
              />
            </span>
            <span className="timeline-span">{between(step.fired_at ?? '', step.settled_at, now)}</span>
          </button>
        )
      })}
      {steps.length > ROWS_MAX && <p className="faint">{steps.length - ROWS_MAX} more steps are not drawn.</p>}
    </div>
  )
}

function byTime(a: Step, b: Step): number {
  return Date.parse(a.fired_at ?? '') - Date.parse(b.fired_at ?? '')
}

function endOf(step: Step, now: number): number {
  return step.settled_at === null ? now : Date.parse(step.settled_at)
}
