import { expect, test } from 'vitest'

import { execution, step } from '../../tests/answers'
import type { StepNews, StepStatus } from '../api/types'
import { beginning, edgesAt, stepsAt, withNews, wordsOf } from './moments'
import type { Moment } from './moments'

const news = (position: number, node_id: string, status: StepStatus): StepNews => ({
  position,
  node_id,
  scope: '',
  status,
  port: null,
  attempts: 1,
  error: null,
})
const TOLD = [news(1, 'a', 'running'), news(3, 'a', 'completed'), news(3, 'b', 'running'), news(4, 'b', 'failed')]
const PAST = {
  ...execution([step('start'), step('a', { label: 'Ask' }), step('b', { status: 'failed' })]),
  edges: [
    { id: 'x', state: 'taken' as const },
    { id: 'y', state: 'taken' as const },
    { id: 'z', state: 'skipped' as const },
  ],
}
const SOURCES = new Map([
  ['x', 'start'],
  ['y', 'a'],
  ['z', 'b'],
])
const MOMENTS = TOLD.reduce<readonly Moment[]>(withNews, [beginning(PAST)])

test('news of one entry are one moment, and what is told twice is one', () => {
  expect(MOMENTS.map(({ position, changed }) => [position, changed.length])).toEqual([
    [0, 1],
    [1, 1],
    [3, 2],
    [4, 1],
  ])
  expect(TOLD.reduce(withNews, MOMENTS)).toEqual(MOMENTS)
})

test.each([
  [0, { start: 'completed' }, ['taken', 'open', 'open']],
  [1, { start: 'completed', a: 'running' }, ['taken', 'open', 'open']],
  [2, { start: 'completed', a: 'running' }, ['taken', 'open', 'open']],
  [3, { start: 'completed', a: 'completed', b: 'running' }, ['taken', 'taken', 'open']],
  [4, { start: 'completed', a: 'completed', b: 'failed' }, ['taken', 'taken', 'skipped']],
])('after entry %i it stood so', (position, statuses, edges) => {
  const steps = stepsAt(PAST, MOMENTS, position)
  expect(Object.fromEntries(steps.map((found) => [found.node_id, found.status]))).toEqual(statuses)
  expect([...edgesAt(PAST, SOURCES, steps).values()]).toEqual(edges)
})

test('a moment is told by labels, and shortly', () => {
  expect(wordsOf(MOMENTS[2]!, PAST)).toBe('Ask completed, b running')
  const many = ['a', 'b', 'c', 'd', 'e'].map((id) => news(9, id, 'cancelled'))
  expect(wordsOf({ position: 9, changed: many }, PAST)).toBe('Ask cancelled, b cancelled, c cancelled and 2 more')
})
