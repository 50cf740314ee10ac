/** What has to be known before the engine can say what an expression comes to. */

import type { Known } from './reading'

export type Ask =
  | { kind: 'ask'; source: string; input?: unknown; steps: Record<string, unknown> }
  /** Of these nothing is known yet. */
  | { kind: 'missing'; names: string[] }

const EXPRESSION = /\{\{[^]*?(?:\}\}|$)|\{%[^]*?(?:%\}|$)/g
const QUOTED = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g
const STEP = /\bsteps\s*(?:\.\s*([A-Za-z_]\w*)|\[\s*(?:"([^"]*)"|'([^']*)')\s*\])/g
/** What an execution alone can tell. */
const OTHER = /(?<![.\w])(item|index|last|errors|execution)\b/g
const INPUT = /(?<![.\w])input\b/
const CHARS_MAX = 200

/** Null where there is nothing to be evaluated. */
export function askFor(source: string, known: Known | null): Ask | null {
  const written = source.match(EXPRESSION)?.join('\n')
  if (!written || !source.includes('{{')) return null
  const bare = written.replace(QUOTED, '""')
  const named = [...new Set([...written.matchAll(STEP)].map((found) => found[1] ?? found[2] ?? found[3] ?? ''))]
  const missing = [
    ...named.filter((id) => !known?.outputs.has(id)).map((id) => `steps.${id}`),
    ...[...bare.matchAll(OTHER)].map(([name]) => name),
    ...(INPUT.test(bare) && known?.input === undefined ? ['input'] : []),
  ]
  if (missing.length > 0) return { kind: 'missing', names: [...new Set(missing)] }
  const steps = Object.fromEntries(named.map((id) => [id, known?.outputs.get(id)]))
  return { kind: 'ask', source, steps, ...(known?.input === undefined ? {} : { input: known.input }) }
}

/** A value in one line. */
export function inLine(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null'
  return text.length > CHARS_MAX ? `${text.slice(0, CHARS_MAX)}…` : text
}
