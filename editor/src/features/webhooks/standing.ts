import type { Delivery, DeliveryStatus, Endpoint } from '../../api/webhooks'
import type { Tone } from '../../ui/chip'

export const ENDPOINT_TONES: Record<Endpoint['status'], Tone> = { enabled: 'good', failing: 'bad', disabled: 'quiet' }
export const DELIVERY_TONES: Record<DeliveryStatus, Tone> = {
  pending: 'wait',
  delivered: 'good',
  failed: 'bad',
  cancelled: 'quiet',
}

/** What a list of types hears, in a few words. */
export function typesInWords(types: readonly string[]): string {
  const [first, ...others] = types
  if (first === undefined) return 'nothing'
  if (types.includes('*')) return 'everything'
  return others.length === 0 ? first : `${first} and ${others.length} more`
}

/** What comes next of a delivery, if anything does. */
export function nextOf(delivery: Delivery, now = Date.now()): string {
  if (delivery.status !== 'pending') return ''
  if (delivery.waits_in_line) return 'after those before it'
  if (delivery.next_attempt_at === null) return 'at once'
  const ms = Date.parse(delivery.next_attempt_at) - now
  if (ms <= 0) return 'at once'
  const minutes = Math.round(ms / 60_000)
  if (minutes < 1) return `in ${Math.round(ms / 1_000)} s`
  return minutes < 120 ? `in ${minutes} min` : `in ${Math.round(minutes / 60)} h`
}
