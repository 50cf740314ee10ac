import { expect, test } from 'vitest'

import { ApiError } from '../../api/client'
import type { ExecutionSummary } from '../../api/types'
import { execution } from '../../../tests/answers'
import { runAgain } from './again'
import type { Asks } from './again'
import { chosenOf, flipped, flippedAll, groupsOf } from './groups'
import { countsInWords, verbInWords, wishOf } from './orders'
import type { Outcome } from './orders'

function failed(id: string, kind: string, more: Partial<ExecutionSummary> = {}): ExecutionSummary {
  return { ...execution([]), id, status: 'failed', failure: { class: kind, reason: `reason of ${id}` }, ...more }
}

const ITEMS = [
  failed('1', 'http', { failure: { class: 'http', reason: 'old', node_id: 'call' } }),
  failed('4', 'http', { failure: { class: 'http', reason: 'new', node_id: 'call' } }),
  failed('2', 'http', { workflow_id: 'other' }),
  failed('3', 'incident', { status: 'incident' }),
]

test('failures are grouped by workflow, kind and node, the newest first', () => {
  const groups = groupsOf(ITEMS)
  expect(groups.map(({ items }) => items.map(({ id }) => id))).toEqual([['4', '1'], ['3'], ['2']])
  expect(groups[0]).toMatchObject({ class: 'http', node_id: 'call', reason: 'new' })
  expect(groupsOf([{ ...execution([]), status: 'failed' }])[0]).toMatchObject({ class: 'failed', reason: '' })
})

test('some or all are chosen, and what is not listed any more is not', () => {
  const all = flippedAll(new Set(['1']), ITEMS)
  expect(all).toEqual(new Set(['1', '2', '3', '4']))
  expect(flippedAll(all, ITEMS.slice(0, 2))).toEqual(new Set(['2', '3']))
  expect(flipped(flipped(new Set(['1']), '1'), '2')).toEqual(new Set(['2']))
  expect(chosenOf(ITEMS, new Set(['1', '3', 'gone']))).toEqual({ failed: ['1'], incidents: ['3'] })
})

test('an order is a bulk job of its executions', () => {
  expect(wishOf('restart', ['1'], '', '')).toEqual({
    verb: 'restart',
    filter: { ids: ['1'] },
    arguments: { from: 'failed' },
  })
  expect(wishOf('restart', ['1'], 'latest', '').arguments).toEqual({ from: 'failed', version_id: 'latest' })
  expect(wishOf('retry', ['1'], 'latest', ' it is up again ')).toMatchObject({
    verb: 'resolve',
    arguments: { action: 'retry', reason: 'it is up again' },
  })
  expect(wishOf('cancel', ['1'], '', '').arguments).toEqual({})
})

test('a job is told in words', () => {
  expect(verbInWords({ verb: 'restart', arguments: {} })).toBe('Restart from the failed step')
  expect(verbInWords({ verb: 'restart', arguments: { from: 'step' } })).toBe('Restart')
  expect(verbInWords({ verb: 'resolve', arguments: { action: 'retry' } })).toBe('Try again')
  expect(countsInWords({ total: 4, done: 2, failed: 1, skipped: 0 })).toBe('3 of 4: 2 done, 1 failed')
  expect(countsInWords({ total: 4, done: 0, failed: 0, skipped: 0 })).toBe('0 of 4')
})

const ASKS: Asks = {
  read: (id) => Promise.resolve({ ...execution([]), id, input: id === '2' ? null : { n: id } }),
  start: ({ input, workflow_id }, key) =>
    JSON.stringify(input) === '{"n":"3"}'
      ? Promise.reject(new ApiError(429, 'quota', 'the quota is used up', 'wait'))
      : Promise.resolve({ id: `${key} ${JSON.stringify(input)}`, status: 'queued', workflow_id, version_id: 'v' }),
}

test('each is started again with its own input and key, and a refusal is told of that one alone', async () => {
  const told: Outcome[][] = []
  const ended = await runAgain(
    ['1', '2', '3', '4'],
    'b',
    ASKS,
    (outcomes) => told.push(outcomes),
    new AbortController().signal,
  )
  expect(ended.map(({ new_execution_id }) => new_execution_id)).toEqual([
    'b:1 {"n":"1"}',
    'b:2 {}',
    undefined,
    'b:4 {"n":"4"}',
  ])
  expect(ended[2]).toMatchObject({ status: 'failed', reason: 'the quota is used up; wait' })
  expect(told).toHaveLength(4)
  expect(told.at(-1)).toEqual(ended)
})

test('what was not come to when one stops stays pending', async () => {
  const stop = new AbortController()
  const ids = ['1', '2', '4', '5', '6', '7', '8']
  const ended = await runAgain(ids, 'b', ASKS, () => stop.abort(), stop.signal)
  const pending = ended.filter(({ status }) => status === 'pending').length
  expect(pending).toBeGreaterThanOrEqual(4)
  expect(ended.filter(({ status }) => status === 'done')).toHaveLength(ids.length - pending)
})
