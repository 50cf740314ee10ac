/** A text that nobody else has, for idempotency keys. `crypto.randomUUID` is not there on plain HTTP. */
export function unique(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
