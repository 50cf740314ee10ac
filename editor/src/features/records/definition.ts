/** Types as they are written. */

import { ApiError } from '../../api/client'
import type { RecordType, TypeWish } from '../../api/records'

/** One that shows everything that there is. */
export const EXAMPLE: TypeWish = {
  label: 'Deal',
  initial: 'open',
  states: [
    { name: 'open', label: 'Open', kind: 'open' },
    { name: 'offered', label: 'Offered', kind: 'open' },
    { name: 'signed', label: 'Signed', kind: 'won', final: true },
    { name: 'lost', label: 'Lost', kind: 'lost' },
  ],
  transitions: [
    {
      from: 'open',
      to: 'offered',
      name: 'offer',
      when: '{{ input.data.amount > 1000 }}',
      reason: 'the amount is too small',
    },
    { from: 'offered', to: 'open', name: 'withdraw', needs_reason: true },
    { from: 'offered', to: 'signed', name: 'sign', by: ['owner', 'admin', 'key'] },
    { from: 'offered', to: 'lost', name: 'lose', needs_reason: true },
  ],
}

/** What of a type can be written. */
export function wishOf({ label, initial, states, transitions }: RecordType): TypeWish {
  return { label, initial, states, transitions }
}

/** What a text says, or why it says nothing. The server judges the rest. */
export function wishIn(text: string): TypeWish | ApiError {
  try {
    const read = JSON.parse(text) as unknown
    if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read as TypeWish
    return unreadable('the definition is no JSON object')
  } catch (error) {
    return unreadable(`the definition is no JSON: ${error instanceof Error ? error.message : 'it cannot be read'}`)
  }
}

/** The refusal with the place of each finding in its words; what is about the name is told there. */
export function withPlaces({ status, code, detail, hint, errors, requestId, retryAfterS }: ApiError): ApiError {
  const told = errors.map((finding) =>
    finding.pointer && finding.pointer !== '/name'
      ? { ...finding, detail: `${finding.pointer}: ${finding.detail}` }
      : finding,
  )
  return new ApiError(status, code, detail, hint, told, requestId, retryAfterS)
}

function unreadable(detail: string): ApiError {
  return new ApiError(422, 'unreadable', detail, 'it has label, initial, states and transitions')
}
