import { expect, test } from 'vitest'

import { kindOf } from './schema'
import { timing } from './next-times'

test('only what decides the times is asked with, and nothing without a rule', () => {
  const config = { cron: '0 9 * * *', zone: 'UTC', start_at: '', end_at: null, jitter: '5min', data: {} }
  expect(timing(config)).toEqual({ cron: '0 9 * * *', zone: 'UTC' })
  expect(timing({ zone: 'UTC' })).toBeNull()
  expect(timing({ cron: ' ' })).toBeNull()
})

test('a field that takes a credential says of which types', () => {
  const schema = { type: ['string', 'null'], 'x-capstan-credential': ['bearer', 'basic'] }
  expect(kindOf(schema, {})).toEqual({ kind: 'credential', types: ['bearer', 'basic'] })
})
