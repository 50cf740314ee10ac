import { expect, test } from 'vitest'

import { foundInBoth } from '../axe'
import { Person, api, withBrowser } from './person'

withBrowser()

const GRAPH = {
  nodes: [
    { id: 'start', type: 'trigger.manual', position: { x: 0, y: 0 } },
    {
      id: 'busy',
      type: 'debug.fail',
      position: { x: 280, y: 0 },
      data: {
        label: 'Ask the store',
        config: { retryable: true, succeed_at_attempt: 3, reason: 'the store is busy' },
        policy: { retry: { delay_ms: 300, jitter: 0 } },
      },
    },
    { id: 'wait', type: 'logic.wait_for_signal', position: { x: 560, y: 0 }, data: { config: { signal: 'paid' } } },
  ],
  edges: [
    { id: 'a', source: 'start', target: 'busy' },
    { id: 'b', source: 'busy', target: 'wait' },
  ],
}

test('each attempt of a step is told with its times and error, and drawn on the timeline with what lies between', async () => {
  const { id } = await api<{ id: string }>('/workflows', 'POST', { name: 'Tries', graph: GRAPH })
  await api(`/workflows/${id}/publish`, 'POST')
  const execution = await api<{ id: string }>('/executions', 'POST', { workflow_id: id })
  const ada = await Person.signIn()
  const { page } = ada
  await page.goto(`${ada.url}/editor/executions/${execution.id}?step=busy`)
  await ada.untilNode('wait', 'waiting')
  await page.getByRole('tab', { name: 'Attempts' }).click()
  const attempts = page.getByTestId('attempts')
  await attempts.getByRole('heading', { name: 'Attempt 3 completed' }).waitFor()
  expect(await attempts.getByRole('heading').allTextContents()).toEqual([
    'Attempt 1 failed',
    'Attempt 2 failed',
    'Attempt 3 completed',
  ])
  expect(await attempts.getByText('the store is busy').count()).toBe(2)
  // Each was made by the one worker of the server, once that had taken it up.
  const workers = await attempts
    .locator('dt', { hasText: 'Worker' })
    .locator('xpath=following-sibling::dd')
    .allTextContents()
  expect(workers).toHaveLength(3)
  expect(workers[0]).toMatch(/^\d+ \(.+\)$/)
  expect(new Set(workers).size).toBe(1)
  expect(await attempts.locator('dt', { hasText: 'Queued' }).count()).toBeGreaterThan(0)

  const row = page.getByTestId('timeline').getByRole('button', { name: /Ask the store/ })
  await row.locator('[data-kind="attempt"]').nth(2).waitFor()
  const kinds = await row
    .locator('.timeline-bar')
    .evaluateAll((bars) => bars.map((bar) => bar.getAttribute('data-kind')))
  expect(kinds[0]).toBe('queued')
  expect(kinds.filter((kind) => kind !== 'queued')).toEqual(['attempt', 'pause', 'attempt', 'pause', 'attempt'])
  expect(await row.locator('[data-kind="queued"]').first().getAttribute('title')).toContain('queued until a worker')
  const timeline = page.getByTestId('timeline')
  await timeline.getByRole('button').locator('[data-kind="wait"]').waitFor()
  expect(await timeline.getByRole('list', { name: 'Legend' }).getByRole('listitem').allTextContents()).toEqual([
    'queued until a worker takes it up',
    'running',
    'waiting for its next attempt',
    'waiting',
  ])
  expect(await foundInBoth(ada)).toEqual([])
  await ada.leave()
})
