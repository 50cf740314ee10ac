/** What can be done with a tenant as it stands. */

import type { Tenant, Verb } from '../../api/platform'
import type { Tone } from '../../ui/chip'

export const STATE_TONES: Record<Tenant['state'], Tone> = {
  draft: 'quiet',
  provisioning: 'busy',
  active: 'good',
  suspended: 'bad',
  archived: 'quiet',
}

export interface Move {
  verb: Verb
  label: string
  /** What follows, for who is about to do it. */
  follows: string
  needsReason: boolean
}

const MOVES: Record<Verb, Move> = {
  suspend: {
    verb: 'suspend',
    label: 'Suspend',
    follows: 'Nobody gets in, and what runs is held up after its step. Its people are shown the reason.',
    needsReason: true,
  },
  resume: {
    verb: 'resume',
    label: 'Resume',
    follows: 'Its people get in, and what was held up goes on.',
    needsReason: false,
  },
  archive: {
    verb: 'archive',
    label: 'Archive',
    follows: 'It can be read, and is never changed again. There is no way back.',
    needsReason: true,
  },
}

export function movesOf(state: Tenant['state']): Move[] {
  if (state === 'active') return [MOVES.suspend, MOVES.archive]
  return state === 'suspended' ? [MOVES.resume, MOVES.archive] : []
}
