import { expect, test } from 'vitest'

import { Person, api, withBrowser } from './person'

withBrowser()

const GRAPH = {
  nodes: [
    { id: 'hook', type: 'trigger.webhook', position: { x: 0, y: 0 }, data: { config: { path: 'bell' } } },
    {
      id: 'log',
      type: 'debug.log',
      position: { x: 280, y: 0 },
      data: { config: { message: '{{ input.body.who }} rang' } },
    },
  ],
  edges: [{ id: 'a', source: 'hook', target: 'log' }],
}

test('a hook listens for a test event, which starts nothing, and the draft is tried with what came', async () => {
  const { id } = await api<{ id: string }>('/workflows', 'POST', { name: 'Door bell', graph: GRAPH, draft: true })
  const ada = await Person.signIn()
  const { page } = ada
  await ada.open(id)
  await ada.node('hook').click()
  await page.getByRole('tab', { name: 'Test' }).click()
  await page.getByRole('button', { name: 'Listen for a test event' }).click()
  const listen = page.getByTestId('listen')
  await listen.getByText(/^listening until/).waitFor()
  const address = await listen.getByLabel('Address').inputValue()
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(address, { method: 'POST', headers, body: JSON.stringify({ who: 'Grace' }) })
  expect(answer.ok).toBe(true)
  await listen.getByText('it came').waitFor()
  expect((await api<{ items: unknown[] }>(`/executions?workflow_id=${id}`)).items).toEqual([])

  await listen.getByRole('button', { name: 'Try the draft with it' }).click()
  const dialog = page.getByRole('dialog')
  expect(await dialog.getByLabel('Input').inputValue()).toContain('Grace')
  await dialog.getByRole('button', { name: 'Simulate' }).click()
  await page.getByTestId('simulation').getByText('completed').first().waitFor()
  await ada.leave()
})
