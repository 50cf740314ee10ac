/** Bulk jobs: one thing done with many executions, by workers. */

import { ask } from './client'
import { maybe, nullable, number, object, oneOf, record, text } from './shape'
import type { TypeOf } from './shape'
import type { Page } from './types'

/** Executions that a job may name. */
export const IDS_MAX = 1_000

export const bulkVerb = oneOf('cancel', 'restart', 'signal', 'retry_now', 'pause', 'resume', 'resolve', 'migrate')
export const bulkJobShape = object({
  id: text,
  verb: bulkVerb,
  filter: record,
  arguments: record,
  status: oneOf('running', 'completed', 'cancelled'),
  counts: object({ total: number, done: number, failed: number, skipped: number }),
  created_at: text,
  ended_at: nullable(text),
})
export const bulkItemShape = object({
  execution_id: text,
  status: oneOf('pending', 'done', 'failed', 'skipped'),
  /** Why it failed, or why there was nothing to do. */
  reason: nullable(text),
  /** What a restart started. */
  new_execution_id: maybe(text),
})

export type BulkVerb = TypeOf<typeof bulkVerb>
export type BulkJob = TypeOf<typeof bulkJobShape>
export type BulkItem = TypeOf<typeof bulkItemShape>

export interface JobWish {
  verb: BulkVerb
  filter: { ids: readonly string[] }
  arguments: Record<string, unknown>
}

/** The key makes a repeated click one job. */
export const makeJob = (wish: JobWish, key: string) =>
  ask<BulkJob>('/bulk-jobs', { method: 'POST', body: wish, headers: { 'idempotency-key': key } })
export const bulkJobs = (limit: number) => ask<Page<BulkJob>>(`/bulk-jobs?limit=${limit}`)
export const bulkJob = (id: string) => ask<BulkJob>(`/bulk-jobs/${id}`)
export const bulkItems = (id: string, cursor: string | null) =>
  ask<Page<BulkItem>>(`/bulk-jobs/${id}/items?limit=50${cursor ? `&cursor=${cursor}` : ''}`)
export const cancelJob = (id: string) => ask<BulkJob>(`/bulk-jobs/${id}/cancel`, { method: 'POST' })
