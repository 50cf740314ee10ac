import { expect, test } from 'vitest'

import { matches, nameOf } from './matching'

const ENTRY = {
  id: '1',
  at: '2030-01-01T00:00:00Z',
  by: { kind: 'user', id: 'u1', name: 'Ada' },
  action: 'PUT /api/v1/limits/workspace',
  subject: '/api/v1/limits/workspace',
  status: 204,
  address: '10.0.0.1',
  request_id: 'r1',
  changes: [{ path: '/slots_max', before: null, after: 5 }],
}

test('all words have to be in it, in any order and case', () => {
  expect(matches(ENTRY, '')).toBe(true)
  expect(matches(ENTRY, 'LIMITS ada')).toBe(true)
  expect(matches(ENTRY, 'ada 404')).toBe(false)
  expect(matches({ ...ENTRY, address: null }, '10.0')).toBe(false)
  expect(matches(ENTRY, 'slots_max 5')).toBe(true)
  expect(matches({ ...ENTRY, changes: null }, 'slots_max')).toBe(false)
})

test('whoever has no name is called by what there is', () => {
  expect(nameOf(ENTRY)).toBe('Ada')
  expect(nameOf({ ...ENTRY, by: { kind: 'key', id: 'k1', name: null } })).toBe('k1')
  expect(nameOf({ ...ENTRY, by: { kind: 'system', id: null, name: null } })).toBe('system')
})
