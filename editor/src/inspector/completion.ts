/** What may be written next in an expression, from what is known of the data. */

import type { Sample } from './sample'

/** The name that is being written, and where it begins. */
export interface Writing {
  from: number
  name: string
}

const NAME_BEFORE = /[A-Za-z_][\w.]*(?:\[[^\]\s]*\]?[\w.]*)*$/
export const SHOWN_MAX = 8

/** What stands before the cursor, if it is a name within `{{ }}`. An expression without anything yet counts, too. */
export function writingAt(text: string, cursor: number): Writing | null {
  const before = text.slice(0, cursor)
  const open = before.lastIndexOf('{{')
  if (open < 0 || before.lastIndexOf('}}') > open) return null
  const inside = before.slice(open + 2)
  if (isQuoted(inside)) return null
  const name = NAME_BEFORE.exec(inside)?.[0] ?? ''
  if (name === '' && inside.trim() !== '') return null
  // A filter is no data.
  if (/\|\s*$/.test(inside.slice(0, inside.length - name.length))) return null
  return { from: cursor - name.length, name }
}

/** Those that begin so; the nearest levels first, and each level only when one has come to it. */
export function completions(known: readonly Sample[], name: string): Sample[] {
  const wanted = name.toLowerCase()
  const fitting = known.filter((sample) => sample.name.toLowerCase().startsWith(wanted) && sample.name !== name)
  const depth = (sample: Sample) => sample.name.slice(name.length).replace(/^[.[]/, '').split(/[.[]/).length
  return fitting
    .map((sample, at) => ({ sample, at, depth: depth(sample) }))
    .sort((a, b) => a.depth - b.depth || a.at - b.at)
    .slice(0, SHOWN_MAX)
    .map(({ sample }) => sample)
}

/** Whether a text in quotes has begun and not ended. */
function isQuoted(text: string): boolean {
  let quote = ''
  for (const letter of text) {
    if (quote === '' && (letter === '"' || letter === "'")) quote = letter
    else if (letter === quote) quote = ''
  }
  return quote !== ''
}
