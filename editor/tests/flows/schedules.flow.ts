import { expect, test } from 'vitest'

import * as shapes from '../../src/api/triggers'
import { Person, api, withBrowser } from './person'

withBrowser()

const GRAPH = {
  nodes: [
    {
      id: 'clock',
      type: 'trigger.schedule',
      position: { x: 0, y: 0 },
      data: { config: { cron: '0 0 1 1 *', zone: 'Europe/Berlin' } },
    },
    { id: 'noop', type: 'debug.noop', position: { x: 280, y: 0 } },
  ],
  edges: [{ id: 'a', source: 'clock', target: 'noop' }],
}

test('a schedule is written with its next times in sight, published, paused with a reason, resumed, and started by hand', async () => {
  const { id } = await api<{ id: string }>('/workflows', 'POST', { name: 'By the clock', graph: GRAPH })
  const ada = await Person.signIn()
  const { page } = ada
  await ada.open(id)
  await ada.node('clock').click()
  await page.getByTestId('next-times').getByText('-01-01 00:00').first().waitFor()
  await ada.field('cron').fill('0 0 61 * *')
  await page.getByTestId('next-times').waitFor({ state: 'detached' })
  await ada.field('cron').fill('30 7 1 * *')
  await page.getByTestId('next-times').getByText('-01 07:30').first().waitFor()
  await ada.saved()
  await ada.publish()

  await ada.go(`schedules?workflow=${id}`)
  await page.getByRole('link', { name: 'By the clock' }).click()
  await page.getByText('30 7 1 * *').waitFor()
  await page.getByRole('button', { name: 'Pause…' }).click()
  await page.getByLabel('Why').fill('stock-taking')
  await page.getByRole('button', { name: 'Pause', exact: true }).click()
  await page.getByText('stock-taking').waitFor()
  await page.getByRole('button', { name: 'Resume' }).click()
  await page.getByText('stock-taking').waitFor({ state: 'detached' })

  await page.getByRole('button', { name: 'Start now' }).click()
  const fires = page.getByRole('table', { name: 'Fire times' })
  await fires.getByText('by hand').waitFor()
  await fires.getByRole('link', { name: 'its execution' }).first().click()
  await ada.untilStatus('completed')
  await ada.leave()
})

test('what a schedule would have started is shown before it is back-filled', async () => {
  const graph = structuredClone(GRAPH)
  Object.assign(graph.nodes[0]?.data ?? {}, { config: { cron: '0 */6 * * *', zone: 'UTC' } })
  const { id } = await api<{ id: string }>('/workflows', 'POST', { name: 'Back-filled', graph })
  await api(`/workflows/${id}/publish`, 'POST')
  const ada = await Person.signIn()
  const { page } = ada
  await ada.go(`schedules?workflow=${id}`)
  await page.getByRole('link', { name: 'Back-filled' }).click()
  await page.getByRole('button', { name: 'Back-fill…' }).click()
  await page.getByRole('button', { name: 'Show what it would start' }).click()
  // A day has four such times.
  await page.getByTestId('plan').getByText('4 times lie in it').waitFor()
  await page.getByRole('button', { name: /^Start 4/ }).click()
  await page.getByRole('table', { name: 'Fire times' }).getByText('back-filled').first().waitFor()
  const { items } = await api<{ items: { id: string }[] }>(`/schedules?workflow_id=${id}`)
  expect(items.flatMap((item) => shapes.schedule.check(item, 'schedule'))).toEqual([])
  const whole = await api(`/schedules/${items[0]?.id ?? ''}`)
  expect(shapes.scheduleWhole.check(whole, 'schedule')).toEqual([])
  await ada.leave()
})
