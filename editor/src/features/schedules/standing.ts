import type { Fire, Schedule } from '../../api/triggers'
import type { Tone } from '../../ui/chip'

export const SCHEDULE_TONES: Record<Schedule['status'], Tone> = { active: 'good', paused: 'wait', over: 'quiet' }
export const FIRE_TONES: Record<Fire['status'], Tone> = {
  due: 'wait',
  held: 'wait',
  started: 'good',
  skipped: 'quiet',
  missed: 'bad',
}

const CAUSES: Record<string, string> = {
  schedule: 'by the clock',
  catch_up: 'caught up',
  backfill: 'back-filled',
  now: 'by hand',
}

/** Why something started, in words. */
export function causeOf({ cause }: Pick<Fire, 'cause'>): string {
  return CAUSES[cause] ?? cause
}

/** How long until a time, in one unit. */
export function until(at: string, now = Date.now()): string {
  const seconds = Math.round((Date.parse(at) - now) / 1_000)
  if (seconds <= 0) return 'now'
  if (seconds < 90) return `in ${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 90) return `in ${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `in ${hours} h` : `in ${Math.round(hours / 24)} d`
}

/** `2030-01-31T09:00`, as the browser’s field for times has it, as a time that the server takes. */
export function timeOf(local: string): string {
  return new Date(local).toISOString()
}

/** The other way around, in the browser’s own zone. */
export function fieldOf(at: Date): string {
  const shifted = new Date(at.getTime() - at.getTimezoneOffset() * 60_000)
  return shifted.toISOString().slice(0, 16)
}
