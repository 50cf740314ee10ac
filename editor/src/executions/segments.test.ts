import { expect, test } from 'vitest'

import { step } from '../../tests/answers'
import type { Stretch } from '../api/types'
import { byStep, nameOf, segmentsOf, triesOf, wordsOf } from './segments'

const at = (seconds: number) => new Date(Date.parse('2030-01-01T00:00:00Z') + seconds * 1_000).toISOString()
const NOW = Date.parse(at(100))

function stretch(from: number, to: number | null, more: Partial<Stretch> = {}): Stretch {
  const told = { node_id: 'a', scope: '', kind: 'attempt', number: 1, status: 'completed' } as const
  return { ...told, error: null, worker: null, from_at: at(from), to_at: to === null ? null : at(to), ...more }
}

const seen = (stretches: Stretch[]) =>
  segmentsOf(step('a'), stretches, NOW).map(
    ({ kind, from, to }) => `${kind} ${(from - NOW) / 1_000 + 100}-${(to - NOW) / 1_000 + 100}`,
  )

test('between two attempts lies a pause, and what is under way lasts until now', () => {
  const failed = stretch(0, 1, { status: 'failed' })
  expect(seen([failed, stretch(11, 12, { number: 2 })])).toEqual(['attempt 0-1', 'pause 1-11', 'attempt 11-12'])
  expect(seen([failed, stretch(90, null, { status: 'running' })])).toEqual([
    'attempt 0-1',
    'pause 1-90',
    'attempt 90-100',
  ])
})

test('what waits for a worker is queued, and no pause lies between that and the attempt', () => {
  const queued = (from: number, to: number | null) => stretch(from, to, { kind: 'queued' })
  expect(seen([queued(0, 3), stretch(3.5, 4)])).toEqual(['queued 0-3', 'attempt 3.5-4'])
  const failed = stretch(3, 4, { status: 'failed' })
  expect(seen([queued(0, 3), failed, queued(14, null)])).toEqual([
    'queued 0-3',
    'attempt 3-4',
    'pause 4-14',
    'queued 14-100',
  ])
  const shown = triesOf([queued(0, 3), failed, queued(14, null)])
  expect(shown.map((one) => [one.stretch.kind, one.queued?.to_at ?? null])).toEqual([
    ['attempt', at(3)],
    ['queued', null],
  ])
})

test('an attempt that has not begun is not drawn, but that one waits for it is', () => {
  expect(seen([stretch(0, 1, { status: 'failed' }), stretch(200, null)])).toEqual(['attempt 0-1', 'pause 1-100'])
})

test('a step of which nothing more is told is one piece', () => {
  const running = step('a', { status: 'running', fired_at: at(40), settled_at: null })
  expect(segmentsOf(running, [], NOW)).toMatchObject([{ status: 'running', from: NOW - 60_000, to: NOW }])
})

test('pieces are told in words, and belong to their steps', () => {
  const [first] = segmentsOf(step('a'), [stretch(0, 1.2, { status: 'outcome_unknown', number: 2 })], NOW)
  expect(first && wordsOf(first)).toBe('attempt 2: outcome unknown, 1.2 s')
  const [queued, made] = segmentsOf(
    step('a'),
    [stretch(0, 3, { kind: 'queued' }), stretch(3, 4, { worker: { name: 'pid-31', worker_no: 7 } })],
    NOW,
  )
  expect(queued && wordsOf(queued)).toBe('queued until a worker takes it up, 3.0 s')
  expect(made && wordsOf(made)).toBe('attempt 1: completed, 1.0 s, by worker 7 (pid-31)')
  expect([nameOf({ name: 'pid-31', worker_no: null }), nameOf({ name: null, worker_no: 7 })]).toEqual(['pid-31', '7'])
  expect([...byStep([stretch(0, 1), stretch(1, 2, { scope: 'each[0]' })]).keys()]).toEqual(['a', 'each[0]/a'])
})
