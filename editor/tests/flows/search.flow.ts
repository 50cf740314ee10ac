import { expect, test } from 'vitest'

import * as types from '../../src/api/types'
import { foundInBoth } from '../axe'
import { Person, api, withBrowser } from './person'

withBrowser()

const GRAPH = {
  nodes: [
    { id: 'start', type: 'trigger.manual', position: { x: 0, y: 0 } },
    {
      id: 'say',
      type: 'debug.log',
      position: { x: 280, y: 0 },
      data: { label: 'Say it', config: { message: 'the heron is at {{ input.place }}' } },
    },
  ],
  edges: [{ id: 'a', source: 'start', target: 'say' }],
}

interface Made {
  id: string
}

/** Words are written a few seconds after an end. */
async function untilFound(path: string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if ((await api<{ items: unknown[] }>(path)).items.length > 0) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`${path} finds nothing`)
}

test('what has ended is found by words of what it was given and of what it wrote to its log', async () => {
  const { id } = await api<Made>('/workflows', 'POST', { name: 'Birds', graph: GRAPH })
  await api(`/workflows/${id}/publish`, 'POST')
  for (const place of ['Estuary', 'Reservoir']) await api('/executions', 'POST', { workflow_id: id, input: { place } })
  await untilFound('/executions?search=estuary')
  await untilFound('/logs?search=heron%20reservoir')
  const found = await api<{ items: unknown[] }>('/logs?search=heron')
  for (const item of found.items) expect(types.foundLog.check(item, 'found')).toEqual([])

  const ada = await Person.signIn()
  const { page } = ada
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Executions' }).click()
  const list = page.getByRole('table', { name: 'Executions' })
  await list.getByText('Birds').nth(1).waitFor()
  await page.getByRole('searchbox', { name: 'Find executions' }).fill('estu bird')
  await list.getByText('Birds').nth(1).waitFor({ state: 'detached' })
  await list.getByText('Birds').first().waitFor()
  expect(await list.getByText('Birds').count()).toBe(1)
  await page.getByLabel('Look in').selectOption('Logs')
  await page.getByText('Nothing that has ended wrote these words.').waitFor()
  await page.getByRole('searchbox', { name: 'Find executions' }).fill('heron reserv')
  const logs = page.getByRole('table', { name: 'Logs' })
  await logs.getByText('the heron is at Reservoir').waitFor()
  expect(new URL(page.url()).search).toBe('?q=heron+reserv&in=logs')
  expect(await foundInBoth(ada)).toEqual([])

  await logs.getByRole('link', { name: 'Birds' }).click()
  await ada.node('say').click()
  await page.getByRole('tab', { name: 'Logs' }).click()
  await page.getByRole('searchbox', { name: 'Find lines' }).fill('crow')
  await page.getByText('No line has these words.').waitFor()
  await page.getByRole('searchbox', { name: 'Find lines' }).fill('heron')
  await page.getByTestId('step').getByText('the heron is at Reservoir').waitFor()
  await ada.leave()
})
