/** A value as a list of what can be named in it. */

export interface Sample {
  /** As an expression names it. */
  name: string
  key: string
  shown: string
  depth: number
}

const DEPTH_MAX = 4
const PARTS_MAX = 60
const CHARS_MAX = 60
const PLAIN = /^[A-Za-z_]\w*$/

export function partsOf(name: string, value: unknown, depth = 0): Sample[] {
  if (typeof value !== 'object' || value === null || depth >= DEPTH_MAX) return []
  const entries = Array.isArray(value)
    ? value.slice(0, 3).map((item, at) => [String(at), item] as const)
    : Object.entries(value)
  const parts = entries.flatMap(([key, item]) => {
    const isIndex = Array.isArray(value)
    const path = isIndex ? `${name}[${key}]` : PLAIN.test(key) ? `${name}.${key}` : `${name}[${JSON.stringify(key)}]`
    return [{ name: path, key, shown: shown(item), depth }, ...partsOf(path, item, depth + 1)]
  })
  return parts.slice(0, PARTS_MAX)
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return `list of ${value.length}`
  if (typeof value === 'object' && value !== null) return ''
  const text = JSON.stringify(value) ?? ''
  return text.length > CHARS_MAX ? `${text.slice(0, CHARS_MAX)}…` : text
}
