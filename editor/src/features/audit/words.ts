/** A difference in words. */

import type { AuditChange } from '../../api/access'

/** A value in a line; a text as it is. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (value === '') return 'an empty text'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** A JSON pointer as people read it: `/limits/slots_max` is `limits › slots_max`. */
export function placeOf(path: string): string {
  const parts = path.split('/').slice(1)
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')).join(' › ')
}

/** How many members differ, in a line. The last one may stand for others, and has no path then. */
export function countOf(changes: readonly AuditChange[]): string {
  const told = changes.filter(({ path }) => path !== '').length
  return `${told} ${told === 1 ? 'value' : 'values'}${told < changes.length ? ' and more' : ''}`
}
