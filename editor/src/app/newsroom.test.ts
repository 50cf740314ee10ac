import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { AFTER_MS, DOWN_EVERY_MS, GAP_MS, LIVE_EVERY_MS, Newsroom, Seldom, paceOf } from './newsroom'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const event = (name: string) => ({ name, id: null, data: '{}' })

test('who wants a topic hears of it, and everybody hears that something may have been missed', () => {
  const room = new Newsroom()
  const heard: string[] = []
  const leave = room.want(['lead', 'alert'], () => heard.push('board'))
  room.want(['execution'], () => heard.push('executions'))
  for (const name of ['lead', 'execution', 'beat', 'alert']) room.onEvent(event(name))
  expect(heard.splice(0)).toEqual(['board', 'executions', 'board'])
  for (const name of ['ready', 'reset', 'resync']) room.onEvent(event(name))
  expect(heard.splice(0)).toHaveLength(6)
  leave()
  room.onEvent(event('lead'))
  expect(heard).toEqual([])
})

test('however thick news come, what they ask for is loaded once in a while, and the last of them counts', () => {
  let [loads, isWatched] = [0, true]
  const seldom = new Seldom(
    () => (loads += 1),
    () => isWatched,
    () => Date.now(),
  )
  seldom.ask()
  seldom.ask()
  vi.advanceTimersByTime(AFTER_MS - 1)
  expect(loads).toBe(0)
  vi.advanceTimersByTime(1)
  expect(loads).toBe(1)
  for (let ms = 0; ms < GAP_MS; ms += 10) {
    seldom.ask()
    vi.advanceTimersByTime(10)
  }
  expect(loads).toBe(2)
  seldom.ask()
  seldom.stop()
  vi.advanceTimersByTime(10 * GAP_MS)
  expect(loads).toBe(2)

  const other = new Seldom(
    () => (loads += 1),
    () => isWatched,
    () => Date.now(),
  )
  isWatched = false
  other.ask()
  vi.advanceTimersByTime(10 * GAP_MS)
  other.look()
  expect(loads).toBe(2)
  isWatched = true
  other.look()
  vi.advanceTimersByTime(AFTER_MS)
  expect(loads).toBe(3)
})

test('while news come, lists are loaded seldom, else less seldom, and what is not about news as before', () => {
  expect(paceOf(2_000, true, 'live')).toBe(LIVE_EVERY_MS)
  expect(paceOf(2_000, true, 'lost')).toBe(DOWN_EVERY_MS)
  expect(paceOf(2_000, true, null)).toBe(DOWN_EVERY_MS)
  expect(paceOf(60_000, true, 'live')).toBe(60_000)
  expect(paceOf(0, true, 'lost')).toBe(0)
  expect(paceOf(2_000, false, 'live')).toBe(2_000)
})
