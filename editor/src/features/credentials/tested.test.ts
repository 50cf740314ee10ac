import { expect, test } from 'vitest'

import { credentialTest } from '../../api/credentials'
import { aboutTest, addressOf, exampleOf, toneOf, wordsOf } from './tested'

test('each outcome has words of its own, and only one that works looks good', () => {
  const { words } = credentialTest.fields.outcome
  expect(new Set(words.map(wordsOf)).size).toBe(words.length)
  expect(words.filter((outcome) => toneOf(outcome) === 'good')).toEqual(['passed'])
})

test('an address is asked for where only that can tell', () => {
  const types = ['bearer', 'basic', 'header', 'custom', 'oauth2_refresh', 'oauth2_client_credentials', 'smtp', 'gmail']
  expect(types.map(addressOf)).toEqual(['needed', 'needed', 'needed', 'needed', 'possible', 'possible', 'none', 'none'])
  expect(new Set(types.map(aboutTest)).size).toBe(4)
})

test('an example is at a host that the credential may be sent to', () => {
  expect(exampleOf(['*.example.org', 'api.example.org'])).toBe('https://api.example.org/')
  expect(exampleOf(['http://127.0.0.1:8080'])).toBe('http://127.0.0.1:8080/')
  expect(exampleOf(['*.example.org'])).toBe('https://api.example.com/')
})
