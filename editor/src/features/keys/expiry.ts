/** How long a new key works. */
export const EXPIRIES = [
  ['30', '30 days'],
  ['90', '90 days'],
  ['365', 'A year'],
  ['', 'Until it is revoked'],
] as const

const DAY_MS = 86_400_000

/** Nothing for a key that does not expire. */
export function expiresAt(days: string, now = Date.now()): string | undefined {
  return days === '' ? undefined : new Date(now + Number(days) * DAY_MS).toISOString()
}

export type KeyState = 'active' | 'expired' | 'revoked'

export function stateOf(key: { expires_at: string | null; revoked_at: string | null }, now = Date.now()): KeyState {
  if (key.revoked_at !== null) return 'revoked'
  return key.expires_at !== null && Date.parse(key.expires_at) <= now ? 'expired' : 'active'
}
