/** Every request that the editor makes, by name. */

import { ask } from './client'
import type { components } from './generated'
import type {
  DeletedWorkflow,
  Execution,
  ExecutionSummary,
  FoundLog,
  Explanation,
  Logs,
  Me,
  NodeType,
  Page,
  Plan,
  Published,
  Saved,
  Started,
  Timeline,
  Verdict,
  Version,
  VersionSummary,
  Workflow,
  WorkflowSummary,
} from './types'

export const whoAmI = () => ask<Me>('/me')
export const nodeTypes = () => ask<{ items: NodeType[] }>('/node-types')

export const workflows = (cursor?: string | null) =>
  ask<Page<WorkflowSummary>>(`/workflows?limit=100${cursor ? `&cursor=${cursor}` : ''}`)
export const workflow = (id: string) => ask<Workflow>(`/workflows/${id}`)
export const createWorkflow = (name: string, graph: object) =>
  ask<Workflow>('/workflows', { method: 'POST', body: { name, graph, draft: true } })
export const renameWorkflow = (id: string, name: string) =>
  ask<Workflow>(`/workflows/${id}/rename`, { method: 'POST', body: { name } })
export const deleteWorkflow = (id: string) => ask<undefined>(`/workflows/${id}`, { method: 'DELETE' })
export const deletedWorkflows = (cursor: string | null) =>
  ask<Page<DeletedWorkflow>>(`/deleted-workflows?limit=50${cursor ? `&cursor=${cursor}` : ''}`)
/** Which workflow its file is, and the sum of the draft that it began from. */
export const fileAbout = async (id: string) =>
  (await ask<{ workflow: { id: string; name: string; base: string } }>(`/workflows/${id}/export`)).workflow
export const restoreWorkflow = (id: string) => ask<Workflow>(`/deleted-workflows/${id}/restore`, { method: 'POST' })
export const saveDraft = (id: string, revision: number, graph: object) =>
  ask<Saved>(`/workflows/${id}/draft`, { method: 'PUT', body: { graph }, headers: { 'if-match': `"${revision}"` } })
export const checkDraft = (id: string) => ask<Verdict>(`/workflows/${id}/validate`, { method: 'POST' })
export type NewVersion = components['schemas']['NewVersion']

export const publish = (id: string, accept: string[], about: NewVersion = {}) =>
  ask<Published>(`/workflows/${id}/publish?accept=${accept.map(encodeURIComponent).join(',')}`, {
    method: 'POST',
    body: about,
  })
export const versions = (id: string) => ask<{ items: VersionSummary[] }>(`/workflows/${id}/versions`)
export const version = (id: string, versionId: string) => ask<Version>(`/workflows/${id}/versions/${versionId}`)

export type NewExecution = components['schemas']['NewExecution']

/** The key makes a repeated click one execution. */
export const start = (wish: NewExecution, key: string) =>
  ask<Started>('/executions', { method: 'POST', body: wish, headers: { 'idempotency-key': key } })
/**
 * Trials are listed only where `trial` asks for them: `true` for nothing else, `any` for all. A page of one status may be
 * empty, and have a cursor: so many are looked through at a time. `search` is words that what has ended has.
 */
export const executions = (workflowId: string | null, cursor?: string | null, trial = '', status = '', search = '') => {
  const query = new URLSearchParams({ limit: '50' })
  if (trial) query.set('trial', trial)
  if (status) query.set('status', status)
  if (search) query.set('search', search)
  if (workflowId) query.set('workflow_id', workflowId)
  if (cursor) query.set('cursor', cursor)
  return ask<Page<ExecutionSummary>>(`/executions?${query}`)
}
export const execution = (id: string) => ask<Execution>(`/executions/${id}`)
export const logs = (id: string, after?: string | null, search = '') => {
  const query = new URLSearchParams()
  if (after) query.set('after', after)
  if (search) query.set('search', search)
  return ask<Logs>(`/executions/${id}/logs${query.size > 0 ? `?${query}` : ''}`)
}
/** Executions that have ended and have a line with all the words. */
export const searchLogs = (search: string, cursor?: string | null) => {
  const query = new URLSearchParams({ search })
  if (cursor) query.set('cursor', cursor)
  return ask<Page<FoundLog>>(`/logs?${query}`)
}
export const timelineOf = (id: string, nodeId = '') =>
  ask<Timeline>(`/executions/${id}/timeline${nodeId ? `?node_id=${encodeURIComponent(nodeId)}` : ''}`)
export const explain = (id: string) => ask<Explanation>(`/executions/${id}/explain`)

const order = (id: string, verb: string, body: object = {}) =>
  ask<unknown>(`/executions/${id}/${verb}`, { method: 'POST', body })
export const cancel = (id: string, force: boolean) => order(id, 'cancel', { force })
export const pause = (id: string) => order(id, 'pause')
export const resume = (id: string) => order(id, 'resume')
export const retryNow = (id: string) => order(id, 'retry-now')
export const resolve = (id: string, action: 'retry' | 'skip' | 'fail') => order(id, 'resolve', { action })
export const signal = (id: string, name: string, payload: unknown) =>
  ask<unknown>(`/executions/${id}/signals/${encodeURIComponent(name)}`, { method: 'POST', body: payload })
export const answerApproval = (id: string, node: string, scope: string, decision: 'approve' | 'reject') =>
  order(id, `approvals/${encodeURIComponent(node)}`, scope ? { decision, scope } : { decision })

export const planRestart = (id: string, from: string, versionId?: string) =>
  ask<Plan>(`/executions/${id}/restart`, { method: 'POST', body: restartWish(from, versionId, true) })
export const restart = (id: string, from: string, versionId: string | undefined, key: string) =>
  ask<Plan>(`/executions/${id}/restart`, {
    method: 'POST',
    body: restartWish(from, versionId, false),
    headers: { 'idempotency-key': key },
  })

const restartWish = (from: string, versionId: string | undefined, dryRun: boolean) => ({
  from,
  dry_run: dryRun,
  ...(versionId ? { version_id: versionId } : {}),
})
