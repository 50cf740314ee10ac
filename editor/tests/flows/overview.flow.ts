import { execFileSync } from 'node:child_process'

import { expect, inject, test } from 'vitest'

import { dailyStats } from '../../src/api/stats'
import { foundInBoth } from '../axe'
import { BINARY } from './capstan'
import { Person, api, withBrowser } from './person'

withBrowser()

const DAY_MS = 86_400_000
const GRAPH = {
  nodes: [
    { id: 'start', type: 'trigger.manual', position: { x: 0, y: 0 } },
    { id: 'fail', type: 'debug.fail', position: { x: 280, y: 0 }, data: { config: { reason: 'it rains' } } },
  ],
  edges: [{ id: 'a', source: 'start', target: 'fail' }],
}

interface Made {
  id: string
}

async function untilFailed(id: string): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if ((await api<{ status: string }>(`/executions/${id}`)).status === 'failed') return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`execution ${id} did not fail`)
}

/** As workers do every ten minutes. */
function count(): void {
  const day = (at: number) => new Date(at).toISOString().slice(0, 10)
  const [from, to] = [day(Date.now() - DAY_MS), day(Date.now())]
  const env = { ...process.env, DATABASE_URL: inject('database') }
  execFileSync(BINARY, ['stats', 'recompute', '--from', from, '--to', to], { env, stdio: 'ignore' })
}

test('the start page tells sums of days as figures and as plots, from what was counted alone, and leads on', async () => {
  const { id } = await api<Made>('/workflows', 'POST', { name: 'Rains', graph: GRAPH })
  await api(`/workflows/${id}/publish`, 'POST')
  await untilFailed((await api<Made>('/executions', 'POST', { workflow_id: id })).id)
  count()
  const ada = await Person.signIn()
  const { page } = ada
  const asked: string[] = []
  page.on('request', (request) => asked.push(new URL(request.url()).pathname))
  await page.getByRole('link', { name: 'Capstan, home' }).click()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  expect(new URL(page.url()).pathname).toMatch(/\/overview$/)
  await page.getByTestId('tiles').getByText('Started today').waitFor()
  await page.getByRole('region', { name: 'Open alerts' }).waitFor()
  const executions = page.getByRole('region', { name: 'Executions' })
  await executions.getByRole('img', { name: 'Executions by day' }).waitFor()
  await executions
    .getByRole('row')
    .last()
    .getByText(/[1-9]\d* failed/)
    .waitFor({ state: 'attached' })
  expect(await executions.getByRole('row').count()).toBe(30)
  expect(await foundInBoth(ada)).toEqual([])
  await page.getByLabel('How far back').selectOption('7 days')
  await executions.getByRole('row').nth(7).waitFor({ state: 'detached' })
  await executions.getByRole('row').nth(6).waitFor({ state: 'attached' })
  expect(await executions.getByRole('row').count()).toBe(7)
  expect(new URL(page.url()).search).toBe('?days=7')
  expect(asked.filter((path) => /\/api\/v1\/executions/.test(path))).toEqual([])
  await page.getByTestId('tiles').getByRole('link', { name: 'in 7 days' }).first().click()
  await page.getByRole('heading', { name: 'Failures' }).waitFor()
  expect(dailyStats.check(await api('/stats/daily'), 'stats')).toEqual([])
  await ada.leave()
})
