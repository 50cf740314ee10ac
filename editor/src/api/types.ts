/**
 * What the API answers, as checks at run time. `generated.ts` has the types of the API's document, and `agreement.ts` holds these
 * against them. Each shape is held against real answers by `tests/flows/answers.flow.ts`, which fails on a field too many or too few.
 */

import { anything, boolean, list, map, maybe, nullable, number, object, oneOf, record, text } from './shape'
import type { TypeOf } from './shape'

export const role = oneOf('owner', 'admin', 'member', 'viewer')
/** How a workspace stands; in one that is not active, little can be done. */
export const tenantState = oneOf('draft', 'provisioning', 'active', 'suspended', 'archived')
const tenantFields = { id: text, slug: text, state: tenantState, state_reason: nullable(text) }

export const me = object({
  /** None where a person has several and the request chose none. */
  workspace: nullable(object(tenantFields)),
  /** On the platform there is no workspace, but all of them to be looked after. */
  level: oneOf('platform', 'workspace'),
  platform_role: nullable(oneOf('super_admin')),
  /** `machine` is `capstan dev`, read without a key. */
  kind: oneOf('user', 'key', 'machine'),
  user: nullable(object({ id: text, email: text, name: text })),
  key: nullable(object({ id: text, name: text, scopes: nullable(list(text)), expires_at: nullable(text) })),
  role: nullable(role),
  permissions: list(text),
  /** Parts of the product that the workspace has. */
  pages: list(text),
  workspaces: list(object({ ...tenantFields, name: maybe(text), role: maybe(role) })),
})

export const nodeType = object({
  name: text,
  title: text,
  description: text,
  role: oneOf('trigger', 'step', 'container'),
  effect: oneOf('pure', 'idempotent', 'at_least_once', 'transactional'),
  ports: list(text),
  schema: record,
})

export const problem = object({
  code: text,
  node_id: maybe(text),
  edge_id: maybe(text),
  pointer: maybe(text),
  detail: text,
  hint: text,
})

const stepKey = object({ node_id: text, scope: text })

export const finding = object({
  severity: oneOf('error', 'warning', 'note'),
  code: text,
  node_id: maybe(text),
  edge_id: maybe(text),
  detail: text,
  hint: text,
  path: list(record),
})

export const proof = object({
  complete: boolean,
  explored: number,
  left_out: list(anything),
  findings: list(finding),
  /** None if they cannot be counted. */
  steps_max: nullable(number),
  attempts_max: nullable(number),
})

export const verdict = object({ valid: boolean, problems: list(problem), proof: nullable(proof) })

const summary = {
  id: text,
  name: text,
  revision: number,
  published: nullable(number),
  created_at: text,
  updated_at: text,
}
export const workflowSummary = object(summary)
/** One that was deleted, and can be restored. */
export const deletedWorkflow = object({ id: text, name: text, published: nullable(number), deleted_at: text })
/** The rule that a workflow was made by. */
const ruleOfWorkflow = object({ id: text, name: text, enabled: boolean, edited_by_hand: boolean })
export const workflow = object({
  ...summary,
  graph: record,
  ports: map(list(text)),
  problems: maybe(list(problem)),
  rule: maybe(nullable(ruleOfWorkflow)),
})
export const saved = object({ revision: number, problems: list(problem), ports: map(list(text)) })

const versionFields = {
  id: text,
  workflow_id: text,
  number: number,
  semantics: number,
  /** What people call it, and what they say of it. */
  name: nullable(text),
  note: nullable(text),
  created_at: text,
}
export const versionSummary = object(versionFields)
export const version = object({ ...versionFields, graph: record, ports: map(list(text)) })
export const published = object({
  ...versionFields,
  proof: proof,
  /** What starts without a request has no address. */
  triggers: list(object({ kind: text, node_id: text, url: nullable(text) })),
})

export const executionStatus = oneOf(
  'pending',
  'queued',
  'running',
  'waiting',
  'paused',
  'incident',
  'completed',
  'failed',
  'cancelled',
)
export const stepStatus = oneOf(
  'pending',
  'running',
  'waiting',
  'completed',
  'failed',
  'skipped',
  'cancelled',
  'outcome_unknown',
)

/** How one ends that fails or is cancelled. */
const ending = object({
  outcome: oneOf('failed', 'cancelled'),
  stage: maybe(oneOf('requested', 'stopping', 'undo', 'finally', 'ended')),
  since: text,
  reason: text,
  class: maybe(text),
  step: maybe(record),
  forced: boolean,
})
const executionFields = {
  id: text,
  workflow_id: text,
  version_id: text,
  trigger: text,
  status: executionStatus,
  created_at: text,
  deadline_at: nullable(text),
  ended_at: nullable(text),
  trial: maybe(boolean),
  parent: maybe(record),
  ending: maybe(ending),
  /** Only lists tell it. */
  failure: maybe(object({ class: text, reason: text, node_id: maybe(text) })),
}
export const executionSummary = object(executionFields)

export const stepError = object({ class: text, reason: text })
export const step = object({
  node_id: text,
  scope: text,
  label: text,
  type: text,
  status: stepStatus,
  port: nullable(text),
  more_ports: maybe(list(text)),
  attempts: number,
  fired_at: nullable(text),
  settled_at: nullable(text),
  waiting: nullable(record),
  retry_at: nullable(text),
  output: anything,
  output_truncated: maybe(boolean),
  error: nullable(stepError),
  resolved: maybe(record),
})

export const execution = object({
  ...executionFields,
  input: anything,
  output: anything,
  error: anything,
  position: number,
  steps: list(step),
  steps_left_out: maybe(number),
  edges: list(object({ id: text, state: oneOf('open', 'taken', 'skipped') })),
  children: maybe(list(executionSummary)),
  migrations: maybe(list(record)),
  trace_id: maybe(text),
  request_id: maybe(nullable(text)),
})

export const started = object({ id: text, status: executionStatus, workflow_id: text, version_id: text })

export const explanation = object({
  id: text,
  status: executionStatus,
  reasons: list(record),
  held_by: maybe(record),
})

export const plan = object({
  id: maybe(text),
  version_id: text,
  kept: list(text),
  changed: list(text),
  redone: list(text),
  repeated_effects: list(text),
  new: list(text),
  dropped: list(text),
})

export const logLine = object({
  log_id: text,
  node_id: text,
  scope: text,
  attempt: number,
  level: text,
  message: text,
  created_at: text,
})
export const logs = object({ items: list(logLine), next: nullable(text) })
/** An execution in whose log words were found, with the lines that have them. */
export const foundLog = object({
  execution_id: text,
  workflow_id: text,
  status: text,
  created_at: text,
  lines: list(logLine),
  has_more: boolean,
})

export const attemptWorker = object({ name: nullable(text), worker_no: nullable(number) })

/** A stretch of time in which a step was tried, or waited; the last one may still last. */
export const stretch = object({
  node_id: text,
  scope: text,
  kind: oneOf('queued', 'attempt', 'wait'),
  number: nullable(number),
  from_at: text,
  to_at: nullable(text),
  status: stepStatus,
  error: nullable(stepError),
  worker: nullable(attemptWorker),
})
export const timeline = object({ items: list(stretch), left_out: number })

/** One change of a step, as the live stream tells it. */
export const stepNews = object({
  position: number,
  node_id: text,
  scope: text,
  status: stepStatus,
  port: nullable(text),
  more_ports: maybe(list(text)),
  attempts: number,
  error: nullable(stepError),
})

export type Me = TypeOf<typeof me>
export type Role = TypeOf<typeof role>
export type NodeType = TypeOf<typeof nodeType>
export type Problem = TypeOf<typeof problem>
export type Finding = TypeOf<typeof finding>
export type Verdict = TypeOf<typeof verdict>
export type WorkflowSummary = TypeOf<typeof workflowSummary>
export type DeletedWorkflow = TypeOf<typeof deletedWorkflow>
export type Workflow = TypeOf<typeof workflow>
export type Saved = TypeOf<typeof saved>
export type Version = TypeOf<typeof version>
export type VersionSummary = TypeOf<typeof versionSummary>
export type Published = TypeOf<typeof published>
export type ExecutionStatus = TypeOf<typeof executionStatus>
export type StepStatus = TypeOf<typeof stepStatus>
export type ExecutionSummary = TypeOf<typeof executionSummary>
export type Execution = TypeOf<typeof execution>
export type Step = TypeOf<typeof step>
export type Started = TypeOf<typeof started>
export type Explanation = TypeOf<typeof explanation>
export type Plan = TypeOf<typeof plan>
export type LogLine = TypeOf<typeof logLine>
export type Logs = TypeOf<typeof logs>
export type FoundLog = TypeOf<typeof foundLog>
export type AttemptWorker = TypeOf<typeof attemptWorker>
export type Stretch = TypeOf<typeof stretch>
export type Timeline = TypeOf<typeof timeline>
export type StepNews = TypeOf<typeof stepNews>
export type StepKey = TypeOf<typeof stepKey>

export interface Page<T> {
  items: T[]
  next_cursor: string | null
}
