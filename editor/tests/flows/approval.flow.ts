import { expect, test } from 'vitest'

import { Person, api, withBrowser } from './person'

withBrowser()

const GRAPH = {
  nodes: [
    { id: 'start', type: 'trigger.manual', position: { x: 0, y: 0 } },
    {
      id: 'chief',
      type: 'logic.approval',
      position: { x: 280, y: 0 },
      data: { label: 'The chief answers', config: { title: 'Buy {{ input.what }}?', deadline: '3d' } },
    },
    { id: 'buy', type: 'debug.noop', position: { x: 560, y: -60 } },
    { id: 'leave', type: 'debug.noop', position: { x: 560, y: 60 } },
  ],
  edges: [
    { id: 'a', source: 'start', target: 'chief' },
    { id: 'b', source: 'chief', sourceHandle: 'approved', target: 'buy' },
    { id: 'c', source: 'chief', sourceHandle: 'rejected', target: 'leave' },
  ],
}

test('an approval is answered from a second browser, and the first one sees it come', async () => {
  const { id } = await api<{ id: string }>('/workflows', 'POST', { name: 'Asks the chief', graph: GRAPH })
  await api(`/workflows/${id}/publish`, 'POST')
  const wish = { workflow_id: id, input: { what: 'a lathe' } }
  const execution = await api<{ id: string }>('/executions', 'POST', wish)
  const [ada, chief] = [await Person.signIn(), await Person.signIn()]
  await ada.go(`executions/${execution.id}`)
  await ada.untilNode('chief', 'waiting')
  await chief.go(`executions/${execution.id}?step=chief`)
  await chief.page.getByTestId('step').getByRole('button', { name: 'Approve' }).click()
  await ada.untilStatus('completed')
  await ada.untilNode('buy', 'completed')
  await ada.untilNode('leave', 'skipped')
  await chief.untilStatus('completed')
  expect(await ada.page.getByRole('button', { name: 'Approve' }).count()).toBe(0)
  await Promise.all([ada.leave(), chief.leave()])
})
