import { expect, test } from 'vitest'

import { movesOf } from './moves'

test.each([
  ['active', ['suspend', 'archive']],
  ['suspended', ['resume', 'archive']],
  ['archived', []],
  ['provisioning', []],
] as const)('a tenant that is %s can be moved so', (state, verbs) => {
  expect(movesOf(state).map(({ verb }) => verb)).toEqual(verbs)
})
