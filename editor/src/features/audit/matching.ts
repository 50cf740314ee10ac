import type { AuditEntry } from '../../api/access'
import { shown } from './words'

export function nameOf({ by }: AuditEntry): string {
  return by.name ?? by.id ?? by.kind
}

/** Whether an entry has all these words in it. */
export function matches(entry: AuditEntry, wanted: string): boolean {
  const { by, action, subject, status, address, request_id, changes } = entry
  const differences = changes?.flatMap(({ path, before, after }) => [path, shown(before), shown(after)]) ?? []
  const whole = [by.kind, by.id, by.name, action, subject, status, address, request_id, ...differences]
    .join(' ')
    .toLowerCase()
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => whole.includes(word))
}
