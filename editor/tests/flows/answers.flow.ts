import { expect, inject, test } from 'vitest'

import { EventParser } from '../../src/api/events'
import type { Shape } from '../../src/api/shape'
import * as trying from '../../src/api/trying'
import * as types from '../../src/api/types'
import { api } from './person'

const GRAPH = {
  nodes: [
    {
      id: 'start',
      type: 'trigger.form',
      position: { x: 0, y: 0 },
      data: { config: { title: 'F', path: 'answers', fields: [{ name: 'x', label: 'X' }] } },
    },
    { id: 'log', type: 'debug.log', position: { x: 280, y: 0 }, data: { config: { message: 'hello' } } },
    {
      id: 'wait',
      type: 'logic.wait_for_signal',
      position: { x: 280, y: 90 },
      data: { config: { signal: 'go', timeout: '1d' } },
    },
    { id: 'fail', type: 'debug.fail', position: { x: 560, y: 90 }, data: { config: { reason: '{{ steps.wait.x }}' } } },
  ],
  edges: [
    { id: 'a', source: 'start', target: 'log' },
    { id: 'b', source: 'start', target: 'wait' },
    { id: 'c', source: 'wait', sourceHandle: 'received', target: 'fail' },
  ],
}

/** Asks, and holds the answer against what `types.ts` says of it: no field too many, none too few. */
async function held(shape: Shape<unknown>, path: string, method = 'GET', body?: unknown): Promise<Record<string, any>> {
  const answer = await api<Record<string, any>>(path, method, body)
  expect(shape.check(answer, path)).toEqual([])
  return answer
}

async function heldItems(shape: Shape<unknown>, path: string): Promise<void> {
  const { items } = await api<{ items: unknown[] }>(path)
  expect(items.length).toBeGreaterThan(0)
  for (const item of items) expect(shape.check(item, path)).toEqual([])
}

async function until(id: string, status: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if ((await api<{ status: string }>(`/executions/${id}`)).status === status) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`execution ${id} did not become ${status}`)
}

/** What the live stream tells from the journal's first entry on. */
async function heldNews(id: string): Promise<void> {
  const headers = { authorization: `Bearer ${inject('key')}`, 'last-event-id': '0' }
  const response = await fetch(`${inject('url')}/api/v1/executions/${id}/events`, { headers })
  const events = new EventParser().feed(await response.text())
  const steps = events.filter((event) => event.name === 'step')
  expect(steps.length).toBeGreaterThan(3)
  for (const { data } of steps) expect(types.stepNews.check(JSON.parse(data), 'step')).toEqual([])
  expect(events.at(-1)).toMatchObject({ name: 'end', data: '{"status":"failed"}' })
}

/** Lines come a little later than what they are about. */
async function heldLogs(id: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const { items } = await held(types.logs, `/executions/${id}/logs`)
    if (items.length > 0) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`execution ${id} wrote no log`)
}

test('the API answers what the types say', async () => {
  await held(types.me, '/me')
  await heldItems(types.nodeType, '/node-types')
  const { id } = await held(types.workflow, '/workflows', 'POST', { name: 'Answers', graph: GRAPH, draft: true })
  await heldItems(types.workflowSummary, '/workflows')
  await held(types.workflow, `/workflows/${id}`)
  const verdict = await held(types.verdict, `/workflows/${id}/validate`, 'POST')
  expect(verdict['proof'].findings.length).toBeGreaterThan(0)
  await held(types.verdict, '/workflows/validate', 'POST', { graph: { nodes: [{ id: 'a', type: 'b' }], edges: [] } })
  const { id: version } = await held(types.published, `/workflows/${id}/publish`, 'POST')
  await heldItems(types.versionSummary, `/workflows/${id}/versions`)
  await held(types.version, `/workflows/${id}/versions/${version}`)

  const { id: execution } = await held(types.started, '/executions', 'POST', { workflow_id: id })
  await until(execution, 'waiting')
  await heldItems(types.executionSummary, '/executions')
  await held(types.execution, `/executions/${execution}`)
  await held(types.explanation, `/executions/${execution}/explain`)
  await held(types.timeline, `/executions/${execution}/timeline`)
  await api(`/executions/${execution}/signals/go`, 'POST', { x: 'told' })
  await until(execution, 'failed')
  const ended = await held(types.execution, `/executions/${execution}`)
  expect(ended['steps'].some((step: { error: unknown }) => step.error !== null)).toBe(true)
  await heldNews(execution)
  await heldLogs(execution)
  await held(trying.tested, `/workflows/${id}/draft/test-step`, 'POST', { node_id: 'log' })
  await held(trying.simulated, `/workflows/${id}/draft/simulate`, 'POST', {})
  await held(trying.simulated, `/workflows/${id}/draft/simulate`, 'POST', { of_execution: execution })
  const { id: trial } = await held(trying.trial, `/workflows/${id}/draft/run`, 'POST', { pinned: false })
  await held(types.execution, `/executions/${trial}`)
  await heldItems(types.executionSummary, '/executions?trial=true')
  await held(types.plan, `/executions/${execution}/restart`, 'POST', { from: 'wait', dry_run: true })
})
