import { expect, test } from 'vitest'

import { expiresAt, stateOf } from './expiry'
import { grouped, readOnly } from './scopes'

const NOW = Date.parse('2030-01-01T00:00:00Z')

test('a key expires after days, or never', () => {
  expect(expiresAt('30', NOW)).toBe('2030-01-31T00:00:00.000Z')
  expect(expiresAt('', NOW)).toBeUndefined()
})

test('revoked counts more than expired', () => {
  const past = '2029-12-31T00:00:00Z'
  expect(stateOf({ expires_at: null, revoked_at: null }, NOW)).toBe('active')
  expect(stateOf({ expires_at: past, revoked_at: null }, NOW)).toBe('expired')
  expect(stateOf({ expires_at: past, revoked_at: past }, NOW)).toBe('revoked')
})

test('scopes come in groups, without what no key can have', () => {
  const permissions = ['workspace.read', 'workspace.own', 'workflows.read', 'workflows.write', 'audit.read']
  expect(grouped(permissions)).toEqual([
    { about: 'workspace', scopes: ['workspace.read'] },
    { about: 'workflows', scopes: ['workflows.read', 'workflows.write'] },
    { about: 'audit', scopes: ['audit.read'] },
  ])
  expect(readOnly(permissions)).toEqual(['workspace.read', 'workflows.read'])
})
