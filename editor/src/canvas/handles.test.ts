import { expect, test } from 'vitest'

import { handlesOf } from './handles'

const SIZE = { width: 196, height: 60 }

test('ports are on the walls: one in, those out below each other, error and undo at the foot', () => {
  const middles = handlesOf(SIZE, ['true', 'false'], false).map((handle) => [
    handle.id,
    handle.x + (handle.width ?? 0) / 2,
    handle.y + (handle.height ?? 0) / 2,
  ])
  expect(middles).toEqual([
    ['in', 1, 30],
    ['out:true', 195, 1 + 58 / 3],
    ['out:false', 195, 1 + (58 * 2) / 3],
    ['error', 161, 59],
    ['undo', 133, 59],
  ])
})

test('nothing leads to a trigger', () => {
  expect(handlesOf(SIZE, ['out'], true).map(({ id }) => id)).toEqual(['out:out'])
})
