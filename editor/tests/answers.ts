/** Answers of the server for tests, written short. */

import type { AlertRule } from '../src/api/alerts'
import type { Execution, NodeType, Step } from '../src/api/types'
import type { Endpoint } from '../src/api/webhooks'

const AT = '2030-01-01T00:00:00Z'

export function nodeType(name: string, more: Partial<NodeType> = {}): NodeType {
  return { name, title: name, description: '', role: 'step', effect: 'pure', ports: ['out'], schema: {}, ...more }
}

/** A step that completed, unless `more` says otherwise. */
export function step(id: string, more: Partial<Step> = {}): Step {
  return {
    node_id: id,
    scope: '',
    label: id,
    type: 'debug.noop',
    status: 'completed',
    port: null,
    attempts: 1,
    fired_at: AT,
    settled_at: AT,
    waiting: null,
    retry_at: null,
    output: null,
    error: null,
    ...more,
  }
}

export function execution(steps: Step[], more: Partial<Execution> = {}): Execution {
  return {
    id: 'e',
    workflow_id: 'w',
    version_id: 'v',
    trigger: 'start',
    status: 'completed',
    created_at: AT,
    deadline_at: null,
    ended_at: AT,
    input: {},
    output: null,
    error: null,
    position: 0,
    steps,
    edges: [],
    ...more,
  }
}

export function endpoint(more: Partial<Endpoint> = {}): Endpoint {
  return {
    id: 'w',
    url: 'https://example.com/hook',
    types: ['execution.*'],
    filter: null,
    description: '',
    status: 'enabled',
    reason: null,
    rate_per_s: null,
    concurrency: 10,
    asymmetric: false,
    ordered: false,
    client_certificate: null,
    failures: 0,
    failing_since: null,
    created_at: AT,
    updated_at: AT,
    secrets: [{ id: 's', created_at: AT, until: null, public_key: null }],
    ...more,
  }
}

/** The rule that is shipped, unless `more` says otherwise. */
export function alertRule(more: Partial<AlertRule> = {}): AlertRule {
  return {
    name: 'failures',
    kind: 'failure_rate',
    workflow_id: null,
    window_s: 3_600,
    percent: 50,
    ended_min: 5,
    after_s: null,
    metric: null,
    above: null,
    mail: true,
    enabled: true,
    updated_by: null,
    updated_at: null,
    ...more,
  }
}
