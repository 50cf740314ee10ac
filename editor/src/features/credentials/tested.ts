/** What a test of a credential came to, in words. */

import type { CredentialTest } from '../../api/credentials'
import type { Tone } from '../../ui/chip'

export type Outcome = CredentialTest['outcome']

const TOLD: Record<Outcome, readonly [Tone, string]> = {
  passed: ['good', 'works'],
  refused: ['bad', 'refused'],
  unclear: ['wait', 'cannot tell'],
  unreachable: ['bad', 'no answer'],
  not_allowed: ['bad', 'not allowed'],
  timed_out: ['bad', 'took too long'],
  unusable: ['bad', 'cannot be used'],
}

export const toneOf = (outcome: Outcome): Tone => TOLD[outcome][0]
export const wordsOf = (outcome: Outcome): string => TOLD[outcome][1]

/** Whether a type is tested at an address: by all means, if one likes, or never. */
export function addressOf(type: string): 'needed' | 'possible' | 'none' {
  if (type === 'smtp' || type === 'gmail') return 'none'
  return type.startsWith('oauth2_') ? 'possible' : 'needed'
}

/** What a test does, before one begins it. */
export function aboutTest(type: string): string {
  if (type === 'smtp') return 'Connects and logs in as for a mail, and sends none.'
  if (type === 'gmail') return 'Fetches a new token for sending mail, and sends none.'
  if (type.startsWith('oauth2_')) return 'Fetches a new token, also where the one that is kept is still good.'
  return 'Asks an address of the provider with it (GET): something that it shows to whoever is signed in.'
}

/** Where an address may begin that the credential may be sent to. */
export function exampleOf(hosts: readonly string[]): string {
  const host = hosts.find((entry) => !entry.includes('*')) ?? 'api.example.com'
  return `${host.startsWith('http://') ? '' : 'https://'}${host}/`
}
