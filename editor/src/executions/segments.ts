/** What a step did when, as pieces of one line. */

import type { Step, StepStatus, Stretch } from '../api/types'
import { span } from '../ui/time'

export interface Segment {
  /** `pause` is what a policy has a step wait between two attempts. */
  kind: Stretch['kind'] | 'pause'
  status: StepStatus
  /** Of an attempt. */
  number: number | null
  from: number
  to: number
}

/** Of a step of which nothing more is known, one piece; what lies ahead has none. */
export function segmentsOf(step: Step, stretches: readonly Stretch[], now: number): Segment[] {
  const begun = step.fired_at === null ? now : Date.parse(step.fired_at)
  const ended = step.settled_at === null ? now : Date.parse(step.settled_at)
  if (stretches.length === 0)
    return [{ kind: 'attempt', status: step.status, number: null, from: begun, to: Math.max(begun, ended) }]
  const found: Segment[] = []
  for (const { kind, status, number, from_at, to_at } of stretches) {
    const from = Date.parse(from_at)
    const before = found.at(-1)
    if (before && from > before.to)
      found.push({ kind: 'pause', status: 'waiting', number: null, from: before.to, to: Math.min(from, now) })
    if (to_at === null && from > now) continue
    found.push({ kind, status, number, from, to: to_at === null ? now : Date.parse(to_at) })
  }
  return found
}

/** `attempt 2: failed, 1.2 s`. */
export function wordsOf({ kind, status, number, from, to }: Segment): string {
  const took = span(to - from)
  if (kind === 'pause') return `waits for its next attempt, ${took}`
  if (kind === 'wait') return `waits, ${took}`
  return `${number === null ? '' : `attempt ${number}: `}${status.replace('_', ' ')}, ${took}`
}

/** What is told of each step, in order. */
export function byStep(stretches: readonly Stretch[]): ReadonlyMap<string, Stretch[]> {
  const found = new Map<string, Stretch[]>()
  for (const stretch of stretches) {
    const key = stretch.scope ? `${stretch.scope}/${stretch.node_id}` : stretch.node_id
    found.set(key, [...(found.get(key) ?? []), stretch])
  }
  return found
}
