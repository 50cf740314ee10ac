/** The steps of an execution, as they are told: by a whole answer, and by news in between. */

import type { Execution, Step, StepNews, StepStatus } from '../api/types'
import type { EdgeMark, NodeMark } from '../canvas/marks'
import type { Graph } from '../document/graph'

export function keyOf(step: { node_id: string; scope: string }): string {
  return step.scope ? `${step.scope}/${step.node_id}` : step.node_id
}

/**
 * The same execution after news of its steps. What they do not tell, such as outputs, comes with the next whole answer;
 * those that are older than the execution change nothing.
 */
export function applied(execution: Execution, told: Iterable<StepNews>): Execution {
  let { position } = execution
  const steps = [...execution.steps]
  const places = new Map(steps.map((step, at) => [keyOf(step), at]))
  let isChanged = false
  for (const news of told) {
    if (news.position < position) continue
    const key = keyOf(news)
    const at = places.get(key) ?? steps.length
    const { position: _position, ...changed } = news
    steps[at] = { ...(steps[at] ?? fresh(news)), ...changed }
    places.set(key, at)
    position = news.position
    isChanged = true
  }
  return isChanged ? { ...execution, position, steps } : execution
}

function fresh({ position: _position, ...news }: StepNews): Step {
  return {
    ...news,
    label: news.node_id,
    type: '',
    fired_at: null,
    settled_at: null,
    waiting: null,
    retry_at: null,
    output: null,
  }
}

/** The ports that a step went on at: most go on at one. */
export function portsOf(step: { port?: string | null; more_ports?: string[] }): string | null {
  return step.port ? [step.port, ...(step.more_ports ?? [])].join(', ') : null
}

/** Of a node that ran several times, in frames of a container, the status that one has to know of counts. */
const WORST: StepStatus[] = [
  'failed',
  'outcome_unknown',
  'waiting',
  'running',
  'pending',
  'cancelled',
  'completed',
  'skipped',
]

export function nodeMarks(graph: Graph, steps: readonly Step[]): ReadonlyMap<string, NodeMark> {
  const byNode = new Map<string, Step[]>()
  for (const step of steps) byNode.set(step.node_id, [...(byNode.get(step.node_id) ?? []), step])
  return new Map(graph.nodes.map((node) => [node.id, markOf(byNode.get(node.id) ?? [])]))
}

function markOf(steps: readonly Step[]): NodeMark {
  const [only] = steps
  if (!only) return { status: 'pending' }
  if (steps.length === 1) {
    const note = noteOf(only)
    return { status: only.status, ...(note ? { note } : {}) }
  }
  const status = WORST.find((word) => steps.some((step) => step.status === word)) ?? 'pending'
  const count = steps.filter((step) => step.status === status).length
  return { status, note: `${count} of ${steps.length}` }
}

function noteOf(step: Step): string {
  if (step.status === 'running' && step.retry_at) return `again after ${step.attempts}`
  if (step.status === 'completed' && step.attempts > 1) return `attempt ${step.attempts}`
  if (step.status === 'failed') return step.error?.class ?? ''
  return ''
}

export function edgeMarks(execution: Execution): ReadonlyMap<string, EdgeMark> {
  return new Map(execution.edges.map((edge) => [edge.id, edge.state]))
}

export function hasEnded(execution: Execution): boolean {
  return execution.ended_at !== null
}

/** What a person wants to see first: what failed, else what waits. */
export function telling(execution: Execution): Step | undefined {
  const of = (...words: StepStatus[]) => execution.steps.find((step) => words.includes(step.status))
  return of('failed', 'outcome_unknown') ?? of('waiting')
}
