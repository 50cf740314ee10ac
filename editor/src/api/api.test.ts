import { expect, test } from 'vitest'

import { routeOf } from '../app/router'
import { EventParser } from './events'
import { workspaceInAddress } from './session'
import { list, maybe, nullable, number, object, oneOf, text } from './shape'

test('events are read however the text is cut', () => {
  const whole = 'event: step\nid: 7\ndata: {"a":\ndata: 1}\n\n: keep-alive\n\nevent: end\r\ndata: {}\r\n\r\nevent: cut'
  for (let size = 1; size < whole.length; size += 1) {
    const parser = new EventParser()
    const pieces = whole.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
    expect(pieces.flatMap((piece) => parser.feed(piece))).toEqual([
      { name: 'step', id: '7', data: '{"a":\n1}' },
      { name: 'end', id: null, data: '{}' },
    ])
  }
})

test('a shape tells of fields too many, too few, and of the wrong kind', () => {
  const shape = object({ id: text, tags: list(oneOf('a', 'b')), at: nullable(number), note: maybe(text) })
  expect(shape.check({ id: 'x', tags: ['a'], at: null }, '')).toEqual([])
  expect(shape.check({ id: 1, tags: ['c'], more: 1 }, '').map((line) => line.split(' ')[0])).toEqual([
    '/more',
    '/id',
    '/tags/0',
    '/at',
  ])
})

test.each([
  ['/editor/', { page: 'overview' }],
  ['/editor/workflows/17', { page: 'workflow', id: '17' }],
  ['/editor/executions', { page: 'executions' }],
  ['/editor/executions/17', { page: 'execution', id: '17' }],
  ['/editor/executions/17/more', { page: 'unknown' }],
  ['/editor/nothing', { page: 'unknown' }],
  ['/editor/w/acme', { page: 'overview' }],
  ['/editor/w/acme/webhooks/17', { page: 'webhook', id: '17' }],
  ['/editor/w/acme/settings/keys', { page: 'keys' }],
  ['/editor/settings', { page: 'people' }],
  ['/editor/settings/secrets', { page: 'unknown' }],
  ['/editor/usage', { page: 'usage' }],
  ['/editor/usage/17', { page: 'unknown' }],
  ['/editor/w/acme/alerts', { page: 'alerts' }],
  ['/editor/failures', { page: 'failures' }],
  ['/editor/verify', { page: 'verify' }],
])('%s is a page', (path, route) => expect(routeOf(path)).toEqual(route))

test.each([
  ['/editor/w/acme/workflows', 'acme'],
  ['/editor/w/acme', 'acme'],
  ['/editor/workflows', null],
  ['/editor/workflows/w/acme', null],
])('%s is in workspace %s', (path, workspace) => expect(workspaceInAddress(path)).toBe(workspace))
