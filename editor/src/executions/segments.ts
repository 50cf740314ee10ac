/** What a step did when, as pieces of one line. */

import type { AttemptWorker, Step, StepStatus, Stretch } from '../api/types'
import { span } from '../ui/time'

export interface Segment {
  /** `pause` is what a policy has a step wait between two attempts. */
  kind: Stretch['kind'] | 'pause'
  status: StepStatus
  /** Of an attempt, also of one that is queued. */
  number: number | null
  from: number
  to: number
  /** Who made an attempt, as far as that is known. */
  worker: string | null
}

/** Of a step of which nothing more is known, one piece; what lies ahead has none. */
export function segmentsOf(step: Step, stretches: readonly Stretch[], now: number): Segment[] {
  const begun = step.fired_at === null ? now : Date.parse(step.fired_at)
  const ended = step.settled_at === null ? now : Date.parse(step.settled_at)
  if (stretches.length === 0)
    return [
      { kind: 'attempt', status: step.status, number: null, from: begun, to: Math.max(begun, ended), worker: null },
    ]
  const found: Segment[] = []
  for (const { kind, status, number, from_at, to_at, worker } of stretches) {
    const from = Date.parse(from_at)
    const before = found.at(-1)
    // What a worker has taken up begins a moment later, and that is no pause.
    if (before && before.kind !== 'queued' && from > before.to) {
      const to = Math.min(from, now)
      found.push({ kind: 'pause', status: 'waiting', number: null, from: before.to, to, worker: null })
    }
    if (to_at === null && from > now) continue
    found.push({ kind, status, number, from, to: to_at === null ? now : Date.parse(to_at), worker: nameOf(worker) })
  }
  return found
}

/** `attempt 2: failed, 1.2 s`. */
export function wordsOf({ kind, status, number, from, to, worker }: Segment): string {
  const took = span(to - from)
  if (kind === 'queued') return `queued until a worker takes it up, ${took}`
  if (kind === 'pause') return `waits for its next attempt, ${took}`
  if (kind === 'wait') return `waits, ${took}`
  const by = worker === null ? '' : `, by worker ${worker}`
  return `${number === null ? '' : `attempt ${number}: `}${status.replace('_', ' ')}, ${took}${by}`
}

/** `7 (pid-31)`: the number is of one life of a process, and the name is what its log calls it. */
export function nameOf(worker: AttemptWorker | null): string | null {
  if (worker === null) return null
  const { name, worker_no } = worker
  return worker_no === null ? name : `${worker_no}${name === null ? '' : ` (${name})`}`
}

/** What is told of each try and wait, and how long it was queued before; what is still queued stands for itself. */
export function triesOf(stretches: readonly Stretch[]): { stretch: Stretch; queued: Stretch | null }[] {
  const found: { stretch: Stretch; queued: Stretch | null }[] = []
  let queued: Stretch | null = null
  for (const stretch of stretches) {
    if (stretch.kind === 'queued' && stretch.to_at !== null) {
      queued = stretch
      continue
    }
    found.push({ stretch, queued })
    queued = null
  }
  return found
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
