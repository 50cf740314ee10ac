/** An execution step by step: what its journal tells, entry by entry, and how it stood after each of them. */

import type { Execution, Step, StepNews, StepStatus } from '../api/types'
import type { EdgeMark } from '../canvas/marks'
import { edgeMarks, keyOf } from './steps'

/** One entry of the journal, with the steps that it changed. */
export interface Moment {
  position: number
  changed: readonly StepNews[]
}

/** How it began: the trigger settles by itself, before the first entry. */
export function beginning({ trigger }: Execution): Moment {
  const news = { position: 0, node_id: trigger, scope: '', status: 'completed' as const }
  return { position: 0, changed: [{ ...news, port: null, attempts: 0, error: null }] }
}

/** The moments after more news; those that were told before change nothing. */
export function withNews(moments: readonly Moment[], news: StepNews): readonly Moment[] {
  const last = moments.at(-1)
  if (last && news.position < last.position) return moments
  if (last?.position !== news.position) return [...moments, { position: news.position, changed: [news] }]
  if (last.changed.some((told) => keyOf(told) === keyOf(news))) return moments
  return [...moments.slice(0, -1), { ...last, changed: [...last.changed, news] }]
}

/** The steps as they were after the entry at `position`; those that had not begun are not there. */
export function stepsAt(execution: Execution, moments: readonly Moment[], position: number): Step[] {
  const known = new Map(execution.steps.map((step) => [keyOf(step), step]))
  const found = new Map<string, Step>()
  for (const moment of moments) {
    if (moment.position > position) break
    for (const { position: _at, ...news } of moment.changed) {
      const { label, type } = known.get(keyOf(news)) ?? { label: news.node_id, type: '' }
      found.set(keyOf(news), { ...BLANK, label, type, ...news })
    }
  }
  return [...found.values()]
}

const BLANK = { fired_at: null, settled_at: null, waiting: null, retry_at: null, output: null }
const SETTLED: readonly StepStatus[] = ['completed', 'failed', 'skipped', 'cancelled', 'outcome_unknown']

/** An edge is what it came to from the moment on at which the step before it had settled; open until then. */
export function edgesAt(
  execution: Execution,
  sources: ReadonlyMap<string, string>,
  steps: readonly Step[],
): ReadonlyMap<string, EdgeMark> {
  const settled = new Set(
    steps.filter((step) => step.scope === '' && SETTLED.includes(step.status)).map((step) => step.node_id),
  )
  const isOver = (edge: string) => settled.has(sources.get(edge) ?? '')
  return new Map([...edgeMarks(execution)].map(([edge, mark]) => [edge, isOver(edge) ? mark : 'open']))
}

/** What happened, for people. */
export function wordsOf(moment: Moment, execution: Execution): string {
  const labels = new Map(execution.steps.map((step) => [keyOf(step), step.label]))
  const parts = moment.changed.map(
    (news) => `${labels.get(keyOf(news)) ?? news.node_id} ${news.status.replace('_', ' ')}`,
  )
  return parts.length > 3 ? `${parts.slice(0, 3).join(', ')} and ${parts.length - 3} more` : parts.join(', ')
}
