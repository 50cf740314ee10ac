/** Forms that answer, and holding up the workflows behind them. */

import { ask, askInPublic } from './client'
import { boolean, list, maybe, nullable, number, object, record, text } from './shape'
import type { TypeOf } from './shape'

export const form = object({
  path: text,
  url: text,
  title: text,
  takes_leads: boolean,
  workflow_id: text,
  workflow_name: text,
  node_id: text,
  version: number,
  /** Of the newest executions of the workspace. */
  started: number,
  last: nullable(object({ execution_id: text, at: text })),
  /** Of a form that asks for a proven address. */
  verification: nullable(object({ field: text, waiting: number, mail_error: nullable(text) })),
})
export const forms = object({ items: list(form), next: nullable(text) })
/** What the page of a form tells whoever asks for JSON. */
export const formPage = object({
  title: text,
  description: nullable(text),
  fields: list(record),
  consent: nullable(text),
  token: maybe(nullable(text)),
})

export type Form = TypeOf<typeof form>
export type Forms = TypeOf<typeof forms>
export type FormPage = TypeOf<typeof formPage>

export const formsAfter = (path: string) => ask<Forms>(`/forms${path && `?after=${encodeURIComponent(path)}`}`)
export const pauses = () => ask<{ items: { level: string; workflow_id: string | null }[] }>('/pauses?limit=100')
export const pauseWorkflow = (id: string) => ask<unknown>(`/workflows/${id}/pause`, { method: 'POST', body: {} })
export const resumeWorkflow = (id: string) => ask<unknown>(`/workflows/${id}/resume`, { method: 'POST', body: {} })

/** As everybody sees it who has its address. */
export const formPageAt = (url: string) => askInPublic<FormPage>(url)
