/** Whether two JSON values are the same; the order of an object's fields means nothing. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, at) => equal(item, b[at]))
  }
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  const keys = Object.keys(left).filter((key) => left[key] !== undefined)
  const count = Object.keys(right).filter((key) => right[key] !== undefined).length
  return keys.length === count && keys.every((key) => equal(left[key], right[key]))
}
