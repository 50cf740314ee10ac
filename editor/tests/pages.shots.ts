/** Takes the pictures of the documentation: `npm run screenshots`. */

import { test } from 'vitest'

import { Person, api, withBrowser } from './flows/person'

withBrowser()

const IMAGES = new URL('../../docs/images/', import.meta.url).pathname

const GRAPH = {
  nodes: [
    { id: 'order', type: 'trigger.manual', position: { x: 0, y: 112 }, data: { label: 'An order comes in' } },
    {
      id: 'each',
      type: 'logic.for_each',
      position: { x: 280, y: 72 },
      data: { label: 'Each line', config: { items: '{{ input.lines }}' } },
    },
    {
      id: 'price',
      type: 'data.set',
      parentId: 'each',
      position: { x: 32, y: 56 },
      data: { label: 'What it costs', config: { values: { total: '{{ item.price * item.count }}' } } },
    },
    {
      id: 'reserve',
      type: 'debug.fail',
      parentId: 'each',
      position: { x: 312, y: 56 },
      data: {
        label: 'Reserve it',
        config: { retryable: true, succeed_at_attempt: 2, reason: 'the store is busy' },
        policy: { retry: { delay_ms: 100, jitter: 0 } },
      },
    },
    {
      id: 'large',
      type: 'logic.condition',
      position: { x: 904, y: 112 },
      data: { label: 'More than three lines?', config: { condition: '{{ input.lines | length > 3 }}' } },
    },
    { id: 'check', type: 'debug.noop', position: { x: 1184, y: 32 }, data: { label: 'Look at it twice' } },
    {
      id: 'paid',
      type: 'logic.wait_for_signal',
      position: { x: 1184, y: 176 },
      data: { label: 'Until it is paid', config: { signal: 'paid', timeout: '14d' } },
    },
    {
      id: 'ship',
      type: 'debug.log',
      position: { x: 1464, y: 128 },
      data: { label: 'Ship it', config: { message: 'off' } },
    },
    {
      id: 'drop',
      type: 'debug.log',
      position: { x: 1464, y: 240 },
      data: { label: 'Give it up', config: { message: 'no' } },
    },
  ],
  edges: [
    { id: '1', source: 'order', target: 'each' },
    { id: '2', source: 'price', target: 'reserve' },
    { id: '3', source: 'each', target: 'large' },
    { id: '4', source: 'large', sourceHandle: 'true', target: 'check' },
    { id: '5', source: 'large', sourceHandle: 'false', target: 'paid' },
    { id: '6', source: 'paid', sourceHandle: 'received', target: 'ship' },
    { id: '7', source: 'paid', sourceHandle: 'timeout', target: 'drop' },
  ],
}
const INPUT = { lines: [3, 1, 2].map((count) => ({ article: `A-${count}`, count, price: 7.5 * count })) }

test.each(['light', 'dark'] as const)('the editor and an execution, %s', async (theme) => {
  const { id } = await api<{ id: string }>('/workflows', 'POST', { name: 'Orders', graph: GRAPH })
  await api(`/workflows/${id}/publish`, 'POST')
  const execution = await api<{ id: string }>('/executions', 'POST', { workflow_id: id, input: INPUT })
  const ada = await Person.signIn()
  await ada.page.setViewportSize({ width: 1440, height: 820 })
  await ada.page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
  await ada.open(id)
  await ada.node('reserve').click()
  await ada.page.getByTestId('problems').getByText('No problems').waitFor()
  await ada.page.screenshot({ path: `${IMAGES}editor-${theme}.png` })
  await ada.page.goto(`${ada.url}/editor/executions/${execution.id}?step=paid`)
  await ada.untilNode('paid', 'waiting')
  await ada.page.getByTestId('why').waitFor()
  await ada.page.getByTestId('timeline').getByText('Until it is paid').waitFor()
  await ada.page.screenshot({ path: `${IMAGES}execution-${theme}.png` })
  await ada.leave()
})
