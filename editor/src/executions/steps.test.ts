import { expect, test } from 'vitest'

import type { Execution, Step, StepNews, StepStatus } from '../api/types'
import { graph, node } from '../../tests/build'
import { applied, nodeMarks } from './steps'
import { timeScale } from './time-scale'

const news = (node_id: string, status: StepStatus, position: number, scope = ''): StepNews => ({
  node_id,
  status,
  position,
  scope,
  port: null,
  attempts: 0,
  error: null,
})

const NONE = { position: 3, steps: [] as Step[] } as Execution

test('news change the step that they are about, or add it, and old news change nothing', () => {
  const once = applied(NONE, [news('a', 'running', 4), news('b', 'running', 5)])
  const twice = applied(once, [news('a', 'completed', 6)])
  expect(twice.steps.map((step) => [step.node_id, step.status])).toEqual([
    ['a', 'completed'],
    ['b', 'running'],
  ])
  expect(applied(twice, [news('a', 'running', 4)])).toBe(twice)
})

test('a node that ran in several frames shows what one has to know of, and how many there are', () => {
  const steps = [
    news('in', 'completed', 1, 'each[0]'),
    news('in', 'failed', 2, 'each[1]'),
    news('in', 'completed', 3, 'each[2]'),
  ]
  const execution = applied({ ...NONE, position: 0 }, steps)
  const marks = nodeMarks(graph([node('in'), node('later')]), execution.steps)
  expect(marks.get('in')).toEqual({ status: 'failed', note: '1 of 3' })
  expect(marks.get('later')).toEqual({ status: 'pending' })
})

test('a wait of days is drawn shorter than what is around it, and told', () => {
  const day = 86_400_000
  const scale = timeScale([0, 100, 300, 300 + 2 * day, 400 + 2 * day])
  expect(scale.gaps).toMatchObject([{ ms: 2 * day }])
  const [start, end] = [scale.at(300), scale.at(300 + 2 * day)]
  expect(end - start).toBeLessThan(0.4)
  expect([scale.at(0), scale.at(400 + 2 * day)]).toEqual([0, 1])
  expect(scale.at(100)).toBeGreaterThan(0.1)
})

test('short stretches are drawn as long as they are', () => {
  const scale = timeScale([0, 1_000, 1_500])
  expect(scale.gaps).toEqual([])
  expect(scale.at(1_000)).toBeCloseTo(2 / 3)
  expect(timeScale([5]).at(5)).toBe(0)
})
