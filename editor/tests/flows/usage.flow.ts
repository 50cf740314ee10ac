import { expect, test } from 'vitest'

import * as shapes from '../../src/api/usage'
import { Person, api, withBrowser } from './person'

withBrowser()

test('what was used is told as figures, as bars, and one by one with its execution', async () => {
  const graph = {
    nodes: [
      { id: 'start', type: 'trigger.manual', position: { x: 0, y: 0 } },
      { id: 'noop', type: 'debug.noop', position: { x: 280, y: 0 } },
    ],
    edges: [{ id: 'a', source: 'start', target: 'noop' }],
  }
  const { id } = await api<{ id: string }>('/workflows', 'POST', { name: 'Counted', graph })
  await api(`/workflows/${id}/publish`, 'POST')
  const execution = await api<{ id: string }>('/executions', 'POST', { workflow_id: id })
  const ada = await Person.signIn()
  const { page } = ada
  await page.getByRole('link', { name: 'Usage' }).click()
  const executions = page.getByRole('region', { name: 'Executions' })
  await executions.getByRole('img', { name: 'Executions by month' }).waitFor()
  await page.getByRole('table', { name: 'Receipts' }).getByRole('link').first().waitFor()
  await page.getByRole('link', { name: `execution ${execution.id.slice(-12)}` }).click()
  await ada.untilStatus('completed')
  expect(shapes.usage.check(await api('/usage'), 'usage')).toEqual([])
  const { items } = await api<{ items: unknown[] }>('/usage/receipts')
  expect(items.flatMap((item) => shapes.receipt.check(item, 'receipt'))).toEqual([])
  await ada.leave()
})
