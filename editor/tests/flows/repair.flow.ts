import { expect, test } from 'vitest'

import { Person, api, withBrowser } from './person'
import type { Stored } from './person'

withBrowser()

const GRAPH = {
  nodes: [
    { id: 'start', type: 'trigger.manual', position: { x: 0, y: 0 } },
    { id: 'before', type: 'debug.noop', position: { x: 280, y: 0 }, data: { label: 'Done once' } },
    {
      id: 'charge',
      type: 'debug.fail',
      position: { x: 560, y: 0 },
      data: { label: 'Charge', config: { reason: 'the card is empty' } },
    },
    { id: 'after', type: 'debug.noop', position: { x: 840, y: 0 } },
  ],
  edges: [
    { id: 'a', source: 'start', target: 'before' },
    { id: 'b', source: 'before', target: 'charge' },
    { id: 'c', source: 'charge', target: 'after' },
  ],
}

async function failed(): Promise<string> {
  const { id } = await api<{ id: string }>('/workflows', 'POST', { name: 'To be repaired', graph: GRAPH })
  await api(`/workflows/${id}/publish`, 'POST')
  return (await api<{ id: string }>('/executions', 'POST', { workflow_id: id })).id
}

test('a failed execution is understood, its workflow corrected, and it goes on from the step that failed', async () => {
  const id = await failed()
  const ada = await Person.signIn()
  await ada.page.goto(`${ada.url}/editor/executions?status=failed`)
  await ada.page.getByRole('link', { name: 'To be repaired' }).first().click()
  await ada.untilStatus('failed')
  await ada.page.getByText('The card is empty').first().waitFor()
  await ada.node('charge').click()
  await ada.page.getByTestId('step').getByText('the card is empty').waitFor()

  await ada.page.getByRole('link', { name: 'To be repaired' }).click()
  await ada.node('charge').click()
  await ada.field('succeed_at_attempt').fill('1')
  await ada.saved()
  await ada.publish()

  await ada.page.goto(`${ada.url}/editor/executions/${id}`)
  await ada.page.getByRole('button', { name: 'Restart…' }).click()
  await ada.page.getByLabel('On version').selectOption({ label: '2, the newest' })
  await ada.page.locator('.plan').getByText('Done once').waitFor()
  await ada.page.getByRole('button', { name: 'Restart', exact: true }).click()
  await ada.page.waitForURL((url) => !url.pathname.endsWith(id))
  await ada.untilStatus('completed')
  await ada.untilNode('after', 'completed')
  expect(ada.page.url()).not.toContain(id)

  // The way back to what was published first.
  await ada.page.getByRole('link', { name: 'To be repaired' }).click()
  await ada.page.getByRole('button', { name: 'version 2' }).click()
  await ada.page.getByLabel('From', { exact: true }).selectOption('version 1')
  await ada.page.getByTestId('compare').getByText('config.succeed_at_attempt').waitFor()
  await ada.page.getByRole('listitem').filter({ hasText: 'Version 1' }).getByRole('button').click()
  await ada.page.getByRole('button', { name: 'Undo: Take over version 1' }).waitFor()
  await ada.saved()
  const { id: workflow } = (await api<{ items: { id: string; name: string }[] }>('/workflows')).items.find(
    ({ name }) => name === 'To be repaired',
  )!
  expect((await api<Stored>(`/workflows/${workflow}`)).graph).toEqual(GRAPH)
  await ada.leave()
})

test('an execution that waits says for what, takes the signal, and can be paused and cancelled', async () => {
  const graph = {
    nodes: [
      { id: 'start', type: 'trigger.manual', position: { x: 0, y: 0 } },
      { id: 'reply', type: 'logic.wait_for_signal', position: { x: 280, y: 0 }, data: { config: { signal: 'reply' } } },
      { id: 'again', type: 'logic.wait_for_signal', position: { x: 560, y: 0 }, data: { config: { signal: 'again' } } },
    ],
    edges: [
      { id: 'a', source: 'start', target: 'reply' },
      { id: 'b', source: 'reply', sourceHandle: 'received', target: 'again' },
    ],
  }
  const { id } = await api<{ id: string }>('/workflows', 'POST', { name: 'Waits', graph })
  await api(`/workflows/${id}/publish`, 'POST')
  const execution = await api<{ id: string }>('/executions', 'POST', { workflow_id: id })
  const ada = await Person.signIn()
  await ada.page.goto(`${ada.url}/editor/executions/${execution.id}`)
  await ada.untilNode('reply', 'waiting')
  await ada.page.getByTestId('why').getByText('waits for the signal "reply"').click()
  await ada.page.getByTestId('step').getByRole('textbox').fill('{"answer": "yes"}')
  await ada.page.getByRole('button', { name: 'Send' }).click()
  await ada.untilNode('again', 'waiting')
  await ada.page.getByRole('button', { name: 'Pause' }).click()
  await ada.untilStatus('paused')
  await ada.page.getByRole('button', { name: 'Resume' }).click()
  await ada.untilStatus('waiting')
  await ada.page.getByRole('button', { name: 'Cancel' }).click()
  await ada.untilStatus('cancelled')
  await ada.untilNode('again', 'cancelled')
  await ada.leave()
})
