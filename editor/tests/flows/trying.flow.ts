import { expect, test } from 'vitest'

import { Person, api, withBrowser } from './person'
import type { Stored } from './person'

withBrowser()

const GRAPH = {
  nodes: [
    { id: 'start', type: 'trigger.manual', position: { x: 0, y: 0 } },
    {
      id: 'fetch',
      type: 'action.http_request',
      position: { x: 280, y: 0 },
      data: { label: 'Fetch it', config: { url: 'https://example.invalid/{{ input.id }}' } },
    },
    {
      id: 'log',
      type: 'debug.log',
      position: { x: 560, y: 0 },
      data: { label: 'Say it', config: { message: 'got {{ steps.fetch.body.name }}' } },
    },
  ],
  edges: [
    { id: 'a', source: 'start', target: 'fetch' },
    { id: 'b', source: 'fetch', target: 'log' },
  ],
}
const PINNED = { output: { status: 200, body: { name: 'Ada' } } }

async function stored(name: string, graph: object = GRAPH): Promise<string> {
  return (await api<{ id: string }>('/workflows', 'POST', { name, graph, draft: true })).id
}

const pinnedOf = async (workflow: string, node: string) => {
  const { graph } = await api<Stored>(`/workflows/${workflow}`)
  return (graph.nodes.find(({ id }) => id === node)?.data as { pinned?: unknown } | undefined)?.pinned
}

test('a step is tested with what it lacks being asked for, and with what is pinned', async () => {
  const id = await stored('Tested step by step')
  const ada = await Person.signIn()
  await ada.open(id)
  await ada.node('log').click()
  const { page } = ada
  await page.getByRole('tab', { name: 'Test' }).click()
  await page.getByRole('button', { name: 'Test this step' }).click()
  await page.getByLabel('What steps.fetch gave').fill(JSON.stringify({ body: { name: 'Grace' } }))
  await page.getByRole('button', { name: 'Test this step' }).click()
  const result = page.getByTestId('test-result')
  await result.getByText('completed').waitFor()
  await result.getByText('got Grace').first().waitFor()

  // What the step before gives is pinned by hand; then nothing has to be given.
  await ada.node('fetch').click()
  await page.getByRole('tab', { name: 'Test' }).click()
  await page.getByRole('button', { name: 'Pin an output by hand' }).click()
  await page.getByTestId('pinned').getByLabel('Output').fill(JSON.stringify(PINNED.output))
  await ada.node('fetch').getByText('pinned').waitFor()
  await ada.node('log').click()
  await page.getByRole('tab', { name: 'Test' }).click()
  await page.getByRole('button', { name: 'Test this step' }).click()
  await result.getByText('got Ada').first().waitFor()
  await page.getByRole('button', { name: 'Pin this output' }).click()
  await ada.node('log').getByText('pinned').waitFor()
  await ada.saved()
  expect(await pinnedOf(id, 'fetch')).toEqual(PINNED)
  await page.getByRole('button', { name: 'Undo: Pin Say it' }).click()
  await ada.saved()
  expect(await pinnedOf(id, 'log')).toBeUndefined()
  await ada.leave()
})

test('a draft is simulated, then run for real with what is pinned, and nothing is published', async () => {
  const id = await stored('Tried out')
  const ada = await Person.signIn()
  await ada.open(id)
  const { page } = ada
  const simulate = async () => {
    await page.getByRole('button', { name: 'Simulate' }).click()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
  }
  await page.getByRole('button', { name: 'Try out' }).click()
  await simulate()
  const simulation = page.getByTestId('simulation')
  await simulation.getByText('Stopped').waitFor()
  await ada.untilNode('log', 'pending')

  await ada.node('fetch').click()
  await page.getByRole('tab', { name: 'Test' }).click()
  await page.getByRole('button', { name: 'Pin an output by hand' }).click()
  await page.getByTestId('pinned').getByLabel('Output').fill(JSON.stringify(PINNED.output))
  await simulation.getByText('The draft has changed since').waitFor()
  await simulation.getByRole('button', { name: 'Again…' }).click()
  await simulate()
  await simulation.getByText('completed').first().waitFor()
  await ada.untilNode('log', 'completed')
  await simulation.getByRole('button', { name: 'Leave the simulation' }).click()
  await page.locator('[data-node="log"]:not([data-status])').waitFor()

  await page.getByRole('button', { name: 'Try out' }).click()
  await page.getByRole('button', { name: 'Run it for real' }).click()
  await ada.untilStatus('completed')
  await page.getByText('trial', { exact: true }).waitFor()
  await ada.untilNode('log', 'completed')
  await ada.node('log').click()
  await page.getByRole('tab', { name: 'Logs' }).click()
  await page.getByTestId('step').getByText('got Ada').waitFor()
  expect((await api<{ items: unknown[] }>(`/workflows/${id}/versions`)).items).toEqual([])

  await page.getByRole('link', { name: 'Executions' }).click()
  await page.getByLabel('Workflow').selectOption(id)
  await page.getByText('Nothing has run yet.').waitFor()
  await page.getByLabel('Trials').selectOption('Trials only')
  await page.getByRole('row').filter({ hasText: 'Tried out' }).waitFor()
  await ada.leave()
})

test('a past execution is opened in the editor, its data pinned, and the draft tried with it', async () => {
  const graph = {
    nodes: [
      { id: 'start', type: 'trigger.manual', position: { x: 0, y: 0 } },
      {
        id: 'say',
        type: 'debug.log',
        position: { x: 280, y: 0 },
        data: { label: 'Say it', config: { message: 'hello {{ input.name }}' } },
      },
      {
        id: 'charge',
        type: 'debug.fail',
        position: { x: 560, y: 0 },
        data: { label: 'Charge', config: { reason: 'the card is empty' } },
      },
    ],
    edges: [
      { id: 'a', source: 'start', target: 'say' },
      { id: 'b', source: 'say', target: 'charge' },
    ],
  }
  const id = await stored('Looked back at', graph)
  await api(`/workflows/${id}/publish`, 'POST')
  const execution = await api<{ id: string }>('/executions', 'POST', { workflow_id: id, input: { name: 'Ada' } })
  const ada = await Person.signIn()
  await ada.page.goto(`${ada.url}/editor/executions/${execution.id}`)
  await ada.untilStatus('failed')
  await ada.page.getByRole('button', { name: 'Run again…' }).click()
  await ada.page.getByLabel('Input').fill('{"name": "Grace"}')
  await ada.page.getByRole('button', { name: 'Start', exact: true }).click()
  await ada.page.waitForURL((url) => !url.pathname.endsWith(execution.id))
  await ada.untilStatus('failed')
  await ada.page.goBack()
  await ada.untilStatus('failed')
  await ada.page.getByRole('link', { name: 'Open in the editor' }).click()
  const basis = ada.page.getByTestId('basis')
  await basis.getByText('failed').waitFor()
  // What failed is looked at first, with the values of that execution.
  await ada.page.getByTestId('inspector').getByText('Data from before').click()
  await ada.page.getByText('Values are those of the execution above.').waitFor()
  await basis.getByRole('button', { name: /^Pin what/ }).click()
  await ada.node('say').getByText('pinned').waitFor()
  await ada.field('succeed_at_attempt').fill('1')
  await basis.getByRole('button', { name: 'Try the draft with it' }).click()
  expect(JSON.parse(await ada.page.getByLabel('Input').inputValue())).toEqual({ name: 'Ada' })
  await ada.page.getByRole('button', { name: 'Run it for real' }).click()
  await ada.untilStatus('completed')
  await ada.untilNode('charge', 'completed')
  await ada.leave()
})

test('a click on a problem goes to the field that it is about', async () => {
  const [start, fetch, log] = GRAPH.nodes
  const nodes = [start, { ...fetch, data: { config: { url: '{{ input.' } } }, log]
  const id = await stored('With a problem', { ...GRAPH, nodes })
  const ada = await Person.signIn()
  await ada.open(id)
  const problems = ada.page.getByTestId('problems')
  await problems.getByText(/^[0-9]+ problem/).click()
  await problems.getByRole('listitem').filter({ hasText: 'fetch' }).first().getByRole('button').click()
  await ada.page.locator('[data-field="/data/config/url"] textarea:focus').waitFor()
  await ada.leave()
})
