import { timelineOf } from '../api/calls'
import type { Execution, Step } from '../api/types'
import { useLoad } from '../app/load'
import { setQuery, useQuery } from '../app/router'
import { between, span } from '../ui/time'
import { byStep, segmentsOf, wordsOf } from './segments'
import type { Segment } from './segments'
import { hasEnded, keyOf } from './steps'
import { timeScale } from './time-scale'
import type { TimeScale } from './time-scale'

/** More rows would be no picture; of executions with more steps, attempts are not asked for. */
const ROWS_MAX = 300

/** What each step did when, on one line of time: its attempts, what lies between them, and what it waited for. */
export function Timeline({ execution }: { execution: Execution }) {
  const chosen = useQuery('step')
  const isOver = hasEnded(execution)
  const isLarge = execution.steps.length > ROWS_MAX
  const load = async () => (isLarge ? [] : (await timelineOf(execution.id)).items)
  const told = useLoad(load, `timeline ${execution.id} ${isOver} ${isLarge}`, isOver ? 0 : 2_000)
  const stretches = byStep(told.value ?? [])
  const begun = Date.parse(execution.created_at)
  const now = isOver ? Date.parse(execution.ended_at ?? '') : Date.now()
  const steps = execution.steps.filter((step) => step.fired_at !== null && step.status !== 'skipped').sort(byTime)
  const rows = steps.slice(0, ROWS_MAX).map((step) => ({
    step,
    segments: segmentsOf(step, stretches.get(keyOf(step)) ?? [], now),
  }))
  const scale = timeScale([begun, ...rows.flatMap((row) => row.segments.flatMap(({ from, to }) => [from, to])), now])
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
      {rows.map(({ step, segments }) => (
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
            {segments.map((segment) => (
              <Bar key={`${segment.kind} ${segment.from}`} segment={segment} scale={scale} />
            ))}
          </span>
          <span className="timeline-span">{between(step.fired_at ?? '', step.settled_at, now)}</span>
        </button>
      ))}
      {steps.length > ROWS_MAX && <p className="faint">{steps.length - ROWS_MAX} more steps are not drawn.</p>}
    </div>
  )
}

function Bar({ segment, scale }: { segment: Segment; scale: TimeScale }) {
  const [from, to] = [scale.at(segment.from), scale.at(segment.to)]
  return (
    <span
      className="timeline-bar"
      data-status={segment.status}
      data-kind={segment.kind}
      title={wordsOf(segment)}
      style={{ left: `${from * 100}%`, width: `${Math.max(0.4, (to - from) * 100)}%` }}
    />
  )
}

function byTime(a: Step, b: Step): number {
  return Date.parse(a.fired_at ?? '') - Date.parse(b.fired_at ?? '')
}
