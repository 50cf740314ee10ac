/** Approvals: what waits for the answer of a person. */

import { ask } from './client'
import { anything, boolean, list, nullable, object, oneOf, record, text } from './shape'
import type { TypeOf } from './shape'
import type { Page } from './types'

export const approval = object({
  id: text,
  execution_id: text,
  node_id: text,
  scope: text,
  title: text,
  text: nullable(text),
  /** Those of a form. */
  fields: list(record),
  who: object({ api_key: boolean, link: boolean }),
  status: oneOf('open', 'answered', 'expired', 'cancelled'),
  deadline_at: nullable(text),
  created_at: text,
  closed_at: nullable(text),
  answer: nullable(
    object({
      answer: oneOf('approved', 'rejected'),
      fields: anything,
      comment: nullable(text),
      by: record,
      at: text,
    }),
  ),
})

export type Approval = TypeOf<typeof approval>
export type Decision = 'approve' | 'reject'

export interface NewAnswer {
  decision: Decision
  fields: Record<string, unknown>
  comment: string
}

/** Newest first; a page has so many. */
export const approvals = (status: 'open' | 'all', cursor: string | null, limit = 50) =>
  ask<Page<Approval>>(`/approvals?status=${status}&limit=${limit}${cursor ? `&cursor=${cursor}` : ''}`)
/** The key makes a repeated click one answer. */
export const answer = ({ execution_id, node_id, scope }: Approval, given: NewAnswer, key: string) =>
  ask<unknown>(`/executions/${execution_id}/approvals/${encodeURIComponent(node_id)}`, {
    method: 'POST',
    body: {
      decision: given.decision,
      fields: given.fields,
      ...(scope ? { scope } : {}),
      ...(given.comment ? { comment: given.comment } : {}),
    },
    headers: { 'idempotency-key': key },
  })
