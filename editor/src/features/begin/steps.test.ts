import { expect, test } from 'vitest'

import { firstSteps } from './steps'

const NEW = { workflows: [], executions: 0, people: 1 }
const done = (steps: ReturnType<typeof firstSteps>) => steps.filter((step) => step.isDone).map((step) => step.id)

test('steps are done one after the other, and are gone once all are', () => {
  const all = () => true
  expect(done(firstSteps(NEW, all))).toEqual([])
  expect(done(firstSteps({ ...NEW, workflows: [{ published: null }] }, all))).toEqual(['draw'])
  const run = { workflows: [{ published: 1 }], executions: 3, people: 1 }
  expect(done(firstSteps(run, all))).toEqual(['draw', 'publish', 'run'])
  expect(firstSteps({ ...run, people: 2 }, all)).toEqual([])
})

test('only what one may do is asked for', () => {
  expect(firstSteps(NEW, (permission) => permission === 'members.write').map((step) => step.id)).toEqual(['invite'])
  expect(firstSteps(NEW, () => false)).toEqual([])
})
