import { expect, test } from 'vitest'

import type { Duty, Unreachable, Upkeep } from '../../api/platform'
import { dateTime } from '../../ui/time'
import { heldBy, inOrder, inSum, lastRun, linesOf, lookOf, nextRun } from './duties'
import type { Line } from './duties'

const AT = '2030-01-01T00:00:00Z'

function duty(name: string, more: Partial<Duty> = {}): Duty {
  return {
    cell: 'cell_1',
    workspace_id: null,
    workspace: null,
    name,
    holder: 'w',
    leased_until: null,
    last_begun_at: AT,
    last_ended_at: AT,
    is_done: true,
    outcome: 'done',
    next_due_at: AT,
    is_held: false,
    late_s: 0,
    is_late: false,
    ...more,
  }
}

const FAILED = { is_done: false, outcome: 'the archive is full' }
const LATE = { is_late: true, late_s: 7_200 }
const HELD = { is_held: true, leased_until: AT }
const NEW = { is_done: null, last_ended_at: null, outcome: null }
const AWAY: Unreachable = { cell: 'capstan_1', workspace_id: 'w1', workspace: 'globex', reason: 'no answer' }

function lines(items: Duty[], unreachable: Unreachable[] = []): Line[] {
  return linesOf({ items, unreachable } as Upkeep)
}

test.each([
  ['done', 'good', {}],
  ['failed', 'bad', FAILED],
  ['failed', 'bad', { ...FAILED, ...LATE }],
  ['failed', 'bad', { ...FAILED, ...HELD }],
  ['late', 'wait', LATE],
  ['at work', 'busy', { ...NEW, ...HELD }],
  ['not done yet', 'quiet', NEW],
] as const)('a duty is %s in the tone %s', (word, tone, more) => {
  expect(lines([duty('one', more)]).map(lookOf)).toMatchObject([{ word, tone }])
})

test('cells that were not reached come first, then what failed, then what is late, and the rest as it came', () => {
  const far = { cell: 'capstan_2', workspace: 'acme', workspace_id: 'w2' }
  const told = lines(
    [duty('health', HELD), duty('partitions', LATE), duty('tidying'), duty('retention', { ...far, ...FAILED })],
    [AWAY],
  )
  expect(inOrder(told).map(({ id }) => id)).toEqual([
    'capstan_1 ',
    'capstan_2 retention',
    'cell_1 partitions',
    'cell_1 health',
    'cell_1 tidying',
  ])
})

test('the same duty of two cells are two lines', () => {
  const ids = lines([duty('health'), duty('health', { cell: 'capstan_2' })]).map(({ id }) => id)
  expect(new Set(ids).size).toBe(2)
})

test('what needs a look is said in a sentence', () => {
  expect(inSum([])).toBe('No worker has taken up a duty yet.')
  expect(inSum(lines([duty('one'), duty('two', HELD)]))).toBe('None has failed, and none is late.')
  expect(inSum(lines([duty('one', FAILED), duty('two', LATE), duty('three', LATE)]))).toBe(
    '1 duty failed, 2 duties are late.',
  )
  expect(inSum(lines([], [AWAY]))).toBe('1 cell was not reached.')
})

test('when a duty ran, who is at it and when it is due are said in words', () => {
  expect(lastRun(duty('one'))).toBe(`done ${dateTime(AT)}`)
  expect(lastRun(duty('one', FAILED))).toBe(`failed ${dateTime(AT)}`)
  expect(lastRun(duty('one', NEW))).toBe(`begun ${dateTime(AT)}, not ended yet`)
  expect(nextRun(duty('one'))).toBe(dateTime(AT))
  expect(nextRun(duty('one', { late_s: 3 }))).toBe('within a minute')
  expect(nextRun(duty('one', { late_s: 1_200 }))).toBe('due for 20 min 0 s')
  expect(nextRun(duty('one', LATE))).toBe('late by 2 h 0 min')
  expect(nextRun(duty('one', HELD))).toBe('now')
  expect(heldBy(duty('one', HELD))).toBe(`w until ${dateTime(AT)}`)
  // One that died leaves a lease that has run out.
  expect(heldBy(duty('one', { leased_until: AT }))).toBe('nobody')
})
