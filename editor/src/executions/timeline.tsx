import { memo } from 'react'

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
export const Timeline = memo(function Timeline({ execution }: { execution: Execution }) {
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
        <Row
          key={keyOf(step)}
          step={keyOf(step)}
          label={step.label}
          scope={step.scope}
          bars={segments.map((segment) => barOf(segment, scale))}
          took={between(step.fired_at ?? '', step.settled_at, now)}
          isChosen={chosen === keyOf(step)}
        />
      ))}
      {steps.length > ROWS_MAX && <p className="faint">{steps.length - ROWS_MAX} more steps are not drawn.</p>}
      <Legend kinds={new Set(rows.flatMap((row) => row.segments.map(({ kind }) => kind)))} />
    </div>
  )
})

const LEGEND: readonly [Segment['kind'], string][] = [
  ['queued', 'queued until a worker takes it up'],
  ['attempt', 'running'],
  ['pause', 'waiting for its next attempt'],
  ['wait', 'waiting'],
]

/** What the looks of pieces say, of those that are there. */
function Legend({ kinds }: { kinds: ReadonlySet<Segment['kind']> }) {
  return (
    <ul className="timeline-legend" aria-label="Legend">
      {LEGEND.filter(([kind]) => kinds.has(kind)).map(([kind, words]) => (
        <li key={kind}>
          <span className="timeline-key" aria-hidden="true">
            <span className="timeline-bar" data-kind={kind} data-status="running" />
          </span>
          {words}
        </li>
      ))}
    </ul>
  )
}

interface Bar {
  status: string
  kind: string
  title: string
  left: string
  width: string
}

interface RowProps {
  step: string
  label: string
  scope: string
  bars: Bar[]
  took: string
  isChosen: boolean
}

/** Drawn anew only where it looks otherwise: while others run, most rows stay as they are. */
const Row = memo(function Row({ step, label, scope, bars, took, isChosen }: RowProps) {
  return (
    <button type="button" className="timeline-row" aria-current={isChosen} onClick={() => setQuery('step', step)}>
      <span className="timeline-name">
        {label} {scope && <span className="faint">{scope}</span>}
      </span>
      <span className="timeline-track">
        {bars.map(({ status, kind, title, left, width }, nth) => (
          <span
            key={nth}
            className="timeline-bar"
            data-status={status}
            data-kind={kind}
            title={title}
            style={{ left, width }}
          />
        ))}
      </span>
      <span className="timeline-span">{took}</span>
    </button>
  )
}, looksTheSame)

function looksTheSame(one: RowProps, other: RowProps): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function barOf(segment: Segment, scale: TimeScale): Bar {
  const [from, to] = [scale.at(segment.from), scale.at(segment.to)]
  const { status, kind } = segment
  return { status, kind, title: wordsOf(segment), left: percent(from), width: percent(Math.max(0.004, to - from)) }
}

/** As fine as can be seen. */
function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`
}

function byTime(a: Step, b: Step): number {
  return Date.parse(a.fired_at ?? '') - Date.parse(b.fired_at ?? '')
}
