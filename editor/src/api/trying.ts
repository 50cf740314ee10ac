/** Trying a draft out: one step of it, all of it for real, or all of it without any effect. */

import { ask } from './client'
import { anything, boolean, list, maybe, nullable, number, object, oneOf, record, text } from './shape'
import type { TypeOf } from './shape'
import { executionStatus, proof, step, stepError, stepStatus } from './types'

export const trial = object({
  id: text,
  status: executionStatus,
  version_id: text,
  workflow_id: text,
  trial: boolean,
  proof,
})

/** What one attempt came to; of a step that is still queued little is known. */
export const tested = object({
  status: oneOf('queued', ...stepStatus.words),
  port: maybe(nullable(text)),
  more_ports: maybe(list(text)),
  output: maybe(anything),
  output_truncated: maybe(boolean),
  error: maybe(nullable(stepError)),
  waiting: maybe(nullable(record)),
  attempts: maybe(number),
  duration_ms: maybe(nullable(number)),
  config: maybe(anything),
  execution_id: text,
  trial: boolean,
  logs: list(object({ level: text, message: text, created_at: text })),
})

export const simulated = object({
  status: oneOf('completed', 'failed', 'cancelled', 'incident', 'stopped'),
  output: anything,
  error: anything,
  stopped: nullable(object({ code: text, detail: text, hint: text, steps: list(text) })),
  ended_at: text,
  position: number,
  steps: list(step),
  steps_left_out: number,
})

export type Trial = TypeOf<typeof trial>
export type Tested = TypeOf<typeof tested>
export type Simulated = TypeOf<typeof simulated>

export interface Begin {
  trigger?: string
  input?: unknown
}

export interface TestWish extends Begin {
  node_id: string
  /** What other steps gave, by node. */
  steps?: Record<string, unknown>
  of_execution?: string
  item?: unknown
}

export interface SimulateWish extends Begin {
  stubs?: Record<string, unknown>
  /** Whether steps without a stub complete with null, or stop it. */
  unstubbed?: 'null' | 'fail'
  of_execution?: string
}

const draft = (id: string, verb: string) => `/workflows/${id}/draft/${verb}`

/** The key makes a repeated click one attempt. */
export const testStep = (id: string, wish: TestWish, key: string) =>
  ask<Tested>(draft(id, 'test-step'), { method: 'POST', body: wish, headers: { 'idempotency-key': key } })
export const simulate = (id: string, wish: SimulateWish) =>
  ask<Simulated>(draft(id, 'simulate'), { method: 'POST', body: wish })
export const runDraft = (id: string, wish: Begin & { pinned: boolean }, accept: readonly string[], key: string) =>
  ask<Trial>(`${draft(id, 'run')}?accept=${accept.map(encodeURIComponent).join(',')}`, {
    method: 'POST',
    body: wish,
    headers: { 'idempotency-key': key },
  })
