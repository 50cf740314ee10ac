/** Duties of upkeep as administrators of the platform read them: what needs a look comes first, and is said in words. */

import type { Duty, Unreachable, Upkeep } from '../../api/platform'
import type { Tone } from '../../ui/chip'
import { dateTime, span } from '../../ui/time'

/** A duty of a cell, or a cell that says nothing of its duties. */
export type Line = { id: string } & (({ kind: 'duty' } & Duty) | ({ kind: 'unreachable' } & Unreachable))

interface Look {
  word: string
  tone: Tone
  needsLook: boolean
}

/** Those that need a look most come first. */
const LOOKS = {
  unreachable: { word: 'not reached', tone: 'bad', needsLook: true },
  failed: { word: 'failed', tone: 'bad', needsLook: true },
  late: { word: 'late', tone: 'wait', needsLook: true },
  running: { word: 'at work', tone: 'busy', needsLook: false },
  begun: { word: 'not done yet', tone: 'quiet', needsLook: false },
  done: { word: 'done', tone: 'good', needsLook: false },
} as const satisfies Record<string, Look>
type Stand = keyof typeof LOOKS
/** A worker looks about once a minute. */
const LOOK_S = 90
const ORDER = Object.keys(LOOKS)

export function linesOf({ items, unreachable }: Upkeep): Line[] {
  return [
    ...unreachable.map((one) => ({ ...one, kind: 'unreachable' as const, id: `${one.cell} ` })),
    ...items.map((one) => ({ ...one, kind: 'duty' as const, id: `${one.cell} ${one.name}` })),
  ]
}

function standOf(line: Line): Stand {
  if (line.kind === 'unreachable') return 'unreachable'
  if (line.is_done === false) return 'failed'
  if (line.is_late) return 'late'
  if (line.is_held) return 'running'
  return line.is_done === null ? 'begun' : 'done'
}

export function lookOf(line: Line): Look {
  return LOOKS[standOf(line)]
}

/** What needs a look first; what is alike stays as it came: the first cell before all others, by name. */
export function inOrder(lines: readonly Line[]): Line[] {
  const rank = (line: Line) => (lookOf(line).needsLook ? ORDER.indexOf(standOf(line)) : ORDER.length)
  return [...lines].sort((one, other) => rank(one) - rank(other))
}

/** For screen readers, and for who reads no tables. */
export function inSum(lines: readonly Line[]): string {
  if (lines.length === 0) return 'No worker has taken up a duty yet.'
  const counted = (stand: Stand) => lines.filter((line) => standOf(line) === stand).length
  const parts = [
    inWords(counted('unreachable'), 'cell was not reached', 'cells were not reached'),
    inWords(counted('failed'), 'duty failed', 'duties failed'),
    inWords(counted('late'), 'duty is late', 'duties are late'),
  ].filter((part) => part !== '')
  return parts.length === 0 ? 'None has failed, and none is late.' : `${parts.join(', ')}.`
}

function inWords(count: number, one: string, several: string): string {
  return count === 0 ? '' : `${count} ${count === 1 ? one : several}`
}

export function lastRun({ is_done, last_begun_at, last_ended_at }: Duty): string {
  if (last_ended_at === null) return `begun ${dateTime(last_begun_at)}, not ended yet`
  return `${is_done === false ? 'failed' : 'done'} ${dateTime(last_ended_at)}`
}

export function nextRun({ is_held, is_late, late_s, next_due_at }: Duty): string {
  if (is_late) return `late by ${span(late_s * 1_000)}`
  if (is_held) return 'now'
  if (late_s > LOOK_S) return `due for ${span(late_s * 1_000)}`
  return late_s > 0 ? 'within a minute' : dateTime(next_due_at)
}

export function heldBy({ holder, is_held, leased_until }: Duty): string {
  return is_held && leased_until !== null ? `${holder} until ${dateTime(leased_until)}` : 'nobody'
}
