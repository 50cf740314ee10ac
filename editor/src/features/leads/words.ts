/** How leads are spoken of. */

import type { Column, Lead, LeadEvent } from '../../api/leads'
import type { Tone } from '../../ui/chip'
import type { Way } from '../../ui/move-to'

export const KIND_TONES: Record<Column['kind'], Tone> = { open: 'wait', won: 'good', lost: 'quiet' }

export function nameOf({ name, email, company, phone }: Pick<Lead, 'name' | 'email' | 'company' | 'phone'>): string {
  return name ?? email ?? company ?? phone ?? 'nobody'
}

export function countOf({ count, count_is_capped }: Pick<Column, 'count' | 'count_is_capped'>): string {
  return count_is_capped ? `${count}+` : String(count)
}

/** Where a lead may go from a column, with what these are called. */
export function waysFrom(column: Column, columns: readonly Column[]): Way[] {
  const others = columns.filter((other) => column.allowed.includes(other.status))
  return others.map(({ status, label }) => ({ to: status, label }))
}

/** What happened, in a line. */
export function told({ type, data }: Pick<LeadEvent, 'type' | 'data'>): string {
  const { from, to, reason, text, changes } = (data ?? {}) as Record<string, unknown>
  if (type === 'status_changed') return `${String(from)} → ${String(to)}${reason ? `: ${String(reason)}` : ''}`
  if (typeof text === 'string') return text
  return typeof changes === 'object' && changes !== null ? Object.keys(changes).join(', ') : ''
}
