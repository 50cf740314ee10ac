/** Schedules, and hooks that listen for a test event. */

import { ask } from './client'
import { anything, boolean, list, maybe, nullable, number, object, oneOf, record, text } from './shape'
import type { TypeOf } from './shape'
import type { Page } from './types'

export const fire = object({
  node_id: maybe(text),
  subject: maybe(text),
  at: text,
  cause: text,
  status: oneOf('due', 'held', 'started', 'skipped', 'missed'),
  execution_id: nullable(text),
  reason: nullable(text),
  tries: number,
  due_at: nullable(text),
  settled_at: nullable(text),
})
const scheduleFields = {
  id: text,
  workflow_id: text,
  workflow_name: text,
  node_id: text,
  version_id: text,
  cron: text,
  zone: text,
  overlap: text,
  catch_up: text,
  status: oneOf('active', 'paused', 'over'),
  next_at: nullable(text),
  next_local: nullable(text),
  last: nullable(fire),
  waiting: number,
  missed: number,
  paused: nullable(object({ at: text, by: nullable(text), reason: nullable(text) })),
  config: maybe(record),
  created_at: text,
  updated_at: text,
}
export const schedule = object(scheduleFields)
export const scheduleWhole = object({
  ...scheduleFields,
  next: list(object({ at: text, local: text })),
  fires: list(fire),
})
/** How many are new is not told by a dry run. */
export const backfilled = object({ count: number, new: nullable(number), times: list(text) })
export const preview = object({
  items: list(object({ at: text, local: text, zone_abbr: maybe(text) })),
  zone: text,
})
export const listening = object({ id: text, url: text, method: text, until: text })
export const heard = object({
  id: text,
  status: oneOf('listening', 'captured', 'over'),
  until: text,
  sample: nullable(
    object({
      at: text,
      method: text,
      verified: nullable(boolean),
      input: anything,
      truncated: maybe(boolean),
    }),
  ),
})

export type Fire = TypeOf<typeof fire>
export type Schedule = TypeOf<typeof schedule>
export type ScheduleWhole = TypeOf<typeof scheduleWhole>
export type Backfilled = TypeOf<typeof backfilled>
export type Preview = TypeOf<typeof preview>
export type Listening = TypeOf<typeof listening>
export type Heard = TypeOf<typeof heard>

const post = <T>(path: string, body: object = {}) => ask<T>(path, { method: 'POST', body })

export const schedules = (workflowId: string, cursor: string | null) => {
  const query = new URLSearchParams({ limit: '50' })
  if (workflowId) query.set('workflow_id', workflowId)
  if (cursor) query.set('cursor', cursor)
  return ask<Page<Schedule>>(`/schedules?${query}`)
}
export const scheduleOf = (id: string) => ask<ScheduleWhole>(`/schedules/${id}`)
export const pauseSchedule = (id: string, reason: string) =>
  post<Schedule>(`/schedules/${id}/pause`, reason ? { reason } : {})
export const resumeSchedule = (id: string) => post<Schedule>(`/schedules/${id}/resume`)
export const fireNow = (id: string) => post<{ at: string; id: string }>(`/schedules/${id}/fire`)
export const backfill = (id: string, from: string, to: string, dry_run: boolean) =>
  post<Backfilled>(`/schedules/${id}/backfill`, { from, to, dry_run })
export const previewSchedule = (config: object) => post<Preview>('/schedules/preview', config)

const listen = (workflowId: string) => `/workflows/${workflowId}/hooks/listen`
export const listenAt = (workflowId: string, node_id: string) =>
  post<Listening>(listen(workflowId), { node_id, for: '5min' })
export const heardAt = (workflowId: string, id: string) => ask<Heard>(`${listen(workflowId)}/${id}`)
export const stopListening = (workflowId: string, id: string) =>
  ask<undefined>(`${listen(workflowId)}/${id}`, { method: 'DELETE' })
