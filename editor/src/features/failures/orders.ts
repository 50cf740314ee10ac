/** What can be done with executions that failed, as bulk jobs. */

import type { BulkItem, BulkJob, BulkVerb, JobWish } from '../../api/bulk'

export type Order = 'restart' | 'retry' | 'cancel'

export interface About {
  title: string
  /** What the button says. */
  submit: string
  /** What happens then. */
  told: string
}

export const ORDERS: Record<Order, About> = {
  restart: {
    title: 'Restart from the failed step',
    submit: 'Restart',
    told: 'Each becomes a new execution that begins with what the old one had done. The failed step and what lies behind it run again; an effect that had happened may happen twice.',
  },
  retry: {
    title: 'Try again',
    submit: 'Try again',
    told: 'Each incident goes on: the step that stopped it is tried again. If it is not known whether that had an effect, the effect may happen twice.',
  },
  cancel: {
    title: 'Cancel',
    submit: 'Cancel them',
    told: 'Each incident ends. What undoes its steps, and what runs at last, still runs.',
  },
}

/** `version` is empty for each execution's own. */
export function wishOf(order: Order, ids: readonly string[], version: string, reason: string): JobWish {
  const filter = { ids }
  const why = reason.trim() === '' ? {} : { reason: reason.trim() }
  switch (order) {
    case 'restart':
      return { verb: 'restart', filter, arguments: { from: 'failed', ...(version ? { version_id: version } : {}) } }
    case 'retry':
      return { verb: 'resolve', filter, arguments: { action: 'retry', ...why } }
    case 'cancel':
      return { verb: 'cancel', filter, arguments: why }
  }
}

const VERBS: Record<BulkVerb, string> = {
  cancel: 'Cancel',
  restart: 'Restart',
  signal: 'Signal',
  retry_now: 'Try now what waits',
  pause: 'Pause',
  resume: 'Resume',
  resolve: 'Resolve incidents',
  migrate: 'Other version',
}

export function verbInWords({ verb, arguments: given }: Pick<BulkJob, 'verb' | 'arguments'>): string {
  if (verb === 'restart' && (given['from'] ?? 'failed') === 'failed') return ORDERS.restart.title
  if (verb === 'resolve' && given['action'] === 'retry') return ORDERS.retry.title
  return VERBS[verb]
}

/** `12 of 40: 10 done, 2 failed`. */
export function countsInWords({ total, done, failed, skipped }: BulkJob['counts']): string {
  const parts = [
    [done, 'done'],
    [failed, 'failed'],
    [skipped, 'with nothing to do'],
  ] as const
  const told = parts.filter(([count]) => count > 0).map(([count, words]) => `${count} ${words}`)
  return `${done + failed + skipped} of ${total}${told.length > 0 ? `: ${told.join(', ')}` : ''}`
}

/** What became of one of them. */
export type Outcome = Pick<BulkItem, 'execution_id' | 'status' | 'reason' | 'new_execution_id'>
