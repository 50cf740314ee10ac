import { expect, test } from 'vitest'

import { asked } from './asked'

test('a form tells what it asks for, of what kind, and what is needed', () => {
  const fields = [
    { name: 'email', label: 'E-mail', type: 'email', required: true },
    { name: 'size', type: 'select', options: ['a', 'b', 'c', 'd', 'e', 'f'] },
  ]
  expect(asked({ fields })).toEqual([
    { name: 'email', label: 'E-mail', kind: 'email', isNeeded: true },
    { name: 'size', label: 'size', kind: 'select of a, b, c, d and 2 more', isNeeded: false },
  ])
  expect(asked({ fields: [{ name: 'x', label: 'X' }] })).toMatchObject([{ kind: 'text', isNeeded: false }])
})
