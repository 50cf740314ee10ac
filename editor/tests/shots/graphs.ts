/** What stands on the pictures of the documentation. */

export const ORDERS = {
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
        policy: { retry: { delay_ms: 400, jitter: 0 } },
      },
    },
    {
      id: 'large',
      type: 'logic.condition',
      position: { x: 904, y: 112 },
      data: { label: 'More than three lines?', config: { condition: '{{ input.lines | length > 3 }}' } },
    },
    {
      id: 'check',
      type: 'debug.log',
      position: { x: 1184, y: 32 },
      data: { label: 'Look at it twice', config: { message: 'a large order of {{ input.lines | length }} lines' } },
    },
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
      data: { label: 'Ship it', config: { message: 'the parcel is on its way' } },
    },
    {
      id: 'drop',
      type: 'debug.log',
      position: { x: 1464, y: 240 },
      data: { label: 'Give it up', config: { level: 'warn', message: 'nobody paid' } },
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

/** The next draft of it: one step more, one that says something else, and one that nothing can come to. */
export const ORDERS_NEXT = {
  nodes: [
    ...ORDERS.nodes.map((node) =>
      node.id === 'paid' ? { ...node, data: { ...node.data, config: { signal: 'paid', timeout: '7d' } } } : node,
    ),
    {
      id: 'never',
      type: 'logic.condition',
      position: { x: 1464, y: 16 },
      data: { label: 'Is one twice two?', config: { condition: '{{ 1 == 2 }}' } },
    },
    { id: 'thanks', type: 'debug.noop', position: { x: 1744, y: 16 }, data: { label: 'Say thank you' } },
  ],
  edges: [
    ...ORDERS.edges,
    { id: '8', source: 'check', target: 'never' },
    { id: '9', source: 'never', sourceHandle: 'true', target: 'thanks' },
  ],
}

export const INPUT = { lines: [3, 1, 2].map((count) => ({ article: `A-${count}`, count, price: 7.5 * count })) }

export const BREAD = {
  nodes: [
    {
      id: 'form',
      type: 'trigger.form',
      position: { x: 0, y: 0 },
      data: {
        label: 'Order bread',
        config: {
          title: 'Order bread',
          description: 'We bake at night, and bring it at seven.',
          path: 'bread',
          submit_label: 'Order',
          fields: [
            { name: 'name', label: 'Your name', required: true },
            { name: 'email', label: 'E-mail', type: 'email', required: true },
            { name: 'kind', label: 'Which bread', type: 'select', options: ['rye', 'wheat', 'spelt'] },
          ],
        },
      },
    },
    {
      id: 'lead',
      type: 'lead.upsert',
      position: { x: 280, y: 0 },
      data: { label: 'Remember them', config: { email: '{{ input.email }}', name: '{{ input.name }}' } },
    },
  ],
  edges: [{ id: 'a', source: 'form', target: 'lead' }],
}

export function scheduled(cron: string, zone: string) {
  return {
    nodes: [
      { id: 'clock', type: 'trigger.schedule', position: { x: 0, y: 0 }, data: { config: { cron, zone } } },
      { id: 'count', type: 'debug.log', position: { x: 280, y: 0 }, data: { config: { message: 'counted' } } },
    ],
    edges: [{ id: 'a', source: 'clock', target: 'count' }],
  }
}

/** Its second step fails; what was done before counts when it is restarted. */
export const CARD = {
  nodes: [
    { id: 'start', type: 'trigger.manual', position: { x: 0, y: 0 }, data: { label: 'An invoice is due' } },
    {
      id: 'total',
      type: 'data.set',
      position: { x: 280, y: 0 },
      data: { label: 'What is owed', config: { values: { total: '{{ input.amount * 1.19 }}' } } },
    },
    {
      id: 'charge',
      type: 'debug.fail',
      position: { x: 840, y: 0 },
      data: { label: 'Charge the card', config: { reason: 'the card has expired', class: 'card_declined' } },
    },
    {
      id: 'note',
      type: 'debug.log',
      position: { x: 560, y: 0 },
      data: { label: 'Write it down', config: { message: 'an invoice of {{ input.amount }} is due' } },
    },
    {
      id: 'mail',
      type: 'debug.log',
      position: { x: 1120, y: 0 },
      data: { label: 'Thank them', config: { message: 'paid' } },
    },
  ],
  edges: [
    { id: 'a', source: 'start', target: 'total' },
    { id: 'b', source: 'total', target: 'note' },
    { id: 'c', source: 'charge', target: 'mail' },
    { id: 'd', source: 'note', target: 'charge' },
  ],
}
