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

  const row = page.getByTestId('timeline').getByRole('button', { name: /Ask the store/ })
  await row.locator('[data-kind="attempt"]').nth(2).waitFor()
  const kinds = await row
    .locator('.timeline-bar')
    .evaluateAll((bars) => bars.map((bar) => bar.getAttribute('data-kind')))
  expect(kinds).toEqual(['attempt', 'pause', 'attempt', 'pause', 'attempt'])
  await page.getByTestId('timeline').locator('[data-kind="wait"]').waitFor()
  expect(await foundInBoth(ada)).toEqual([])
  await ada.leave()
})
