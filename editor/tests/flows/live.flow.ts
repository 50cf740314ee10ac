import { expect, inject, test } from 'vitest'

import { Person, api, withBrowser } from './person'

withBrowser()

const GRAPH = {
  nodes: [
    { id: 'start', type: 'trigger.manual', position: { x: 0, y: 0 } },
    { id: 'go', type: 'logic.wait_for_signal', position: { x: 280, y: 0 }, data: { config: { signal: 'go' } } },
    {
      id: 'if',
      type: 'logic.condition',
      position: { x: 560, y: 0 },
      data: { config: { condition: '{{ steps.go.x }}' } },
    },
    { id: 'yes', type: 'debug.noop', position: { x: 840, y: -60 } },
    { id: 'no', type: 'debug.noop', position: { x: 840, y: 60 } },
  ],
  edges: [
    { id: 'a', source: 'start', target: 'go' },
    { id: 'b', source: 'go', sourceHandle: 'received', target: 'if' },
    { id: 'c', source: 'if', sourceHandle: 'true', target: 'yes' },
    { id: 'd', source: 'if', sourceHandle: 'false', target: 'no' },
  ],
}

async function waiting(): Promise<string> {
  const { id } = await api<{ id: string }>('/workflows', 'POST', { name: 'Watched', graph: GRAPH })
  await api(`/workflows/${id}/publish`, 'POST')
  return (await api<{ id: string }>('/executions', 'POST', { workflow_id: id })).id
}

/** What the canvas shows of each node, and what the API says. */
async function agree(ada: Person, id: string): Promise<void> {
  const { steps } = await api<{ steps: { node_id: string; status: string }[] }>(`/executions/${id}`)
  expect(steps).toHaveLength(GRAPH.nodes.length)
  for (const step of steps) await ada.untilNode(step.node_id, step.status)
}

test('news come live, and the canvas ends with what the API says', async () => {
  const id = await waiting()
  const ada = await Person.signIn()
  await ada.page.goto(`${ada.url}/editor/executions/${id}`)
  await ada.untilNode('go', 'waiting')
  await ada.page.getByText('live', { exact: true }).waitFor()
  await api(`/executions/${id}/signals/go`, 'POST', { x: false })
  await ada.untilStatus('completed')
  await agree(ada, id)
  await ada.leave()
})

test('where the live stream does not get through, the page asks again and again, and says so', async () => {
  const id = await waiting()
  const ada = await Person.signIn()
  await ada.page.route('**/events', (route) => route.abort())
  await ada.page.goto(`${ada.url}/editor/executions/${id}`)
  await ada.untilNode('go', 'waiting')
  await ada.page.getByText('connection lost').waitFor()
  await api(`/executions/${id}/signals/go`, 'POST', { x: true })
  await ada.untilStatus('completed')
  await agree(ada, id)
  await ada.leave()
})

test('tabs that watch one execution share one stream, and the other reads on when one is closed', async () => {
  const id = await waiting()
  const ada = await Person.signIn()
  const context = ada.page.context()
  const streams: string[] = []
  context.on('request', (request) => request.url().endsWith('/events') && streams.push(request.url()))
  await ada.page.goto(`${ada.url}/editor/executions/${id}`)
  await ada.page.getByText('live', { exact: true }).waitFor()
  const other = await ada.newTab(`executions/${id}#key=${inject('key')}`)
  await other.page.getByText('live', { exact: true }).waitFor()
  await other.untilNode('go', 'waiting')
  expect(streams).toHaveLength(1)
  const next = context.waitForEvent('request', (request) => request.url().endsWith('/events'))
  await ada.page.close()
  await next
  await api(`/executions/${id}/signals/go`, 'POST', { x: false })
  await other.untilStatus('completed')
  await agree(other, id)
  await ada.leave()
})

test('an execution that has ended is stepped through, entry by entry, and the entry is in the address', async () => {
  const id = await waiting()
  await api(`/executions/${id}/signals/go`, 'POST', { x: true })
  const ada = await Person.signIn()
  await ada.page.goto(`${ada.url}/editor/executions/${id}`)
  await ada.untilStatus('completed')
  await ada.page.getByRole('button', { name: 'Step through it' }).click()
  await ada.untilNode('start', 'completed')
  await ada.untilNode('yes', 'pending')
  const slider = ada.page.getByRole('slider')
  await slider.press('End')
  await agree(ada, id)
  await slider.press('ArrowLeft')
  await ada.page.reload()
  await ada.untilNode('go', 'completed')
  expect(await slider.inputValue()).not.toBe(await slider.getAttribute('max'))
  await ada.page.getByRole('button', { name: 'Back to now' }).click()
  await agree(ada, id)
  expect(new URL(ada.page.url()).search).toBe('')
  await ada.leave()
})

test('the list of executions is live, and its filter is in the address', async () => {
  const id = await waiting()
  const ada = await Person.signIn()
  const { workflow_id } = await api<{ workflow_id: string }>(`/executions/${id}`)
  await ada.page.goto(`${ada.url}/editor/executions`)
  await ada.page.getByLabel('Workflow').selectOption(workflow_id)
  const row = ada.page.locator('tbody tr')
  await row.getByText('waiting').waitFor()
  expect(await row.count()).toBe(1)
  await ada.page.getByLabel('Status').selectOption('completed')
  await ada.page.getByText('None is completed.').waitFor()
  await ada.page.reload()
  await api(`/executions/${id}/signals/go`, 'POST', { x: true })
  await row.getByText('completed').waitFor()
  expect(new URL(ada.page.url()).search).toBe(`?workflow=${workflow_id}&status=completed`)
  await ada.leave()
})
