/** Where on a form a refusal is told: at the field that it is about, else for the form as a whole. */

import { ApiError } from '../api/client'
import type { Problem } from '../api/types'
import { sentence } from './failure'

/** The fields of a form by name, each with the codes that can only be about it. */
export type Codes = Readonly<Record<string, readonly string[]>>

export interface Placed {
  at: ReadonlyMap<string, string>
  /** What is about no field; null if nothing is left. */
  rest: ApiError | null
}

/** A finding belongs to the field whose name its pointer has: the longest, so that `/fields/token` can have one. */
export function placed(error: ApiError | null, codes: Codes): Placed {
  const at = new Map<string, string>()
  if (!error) return { at, rest: null }
  const names = Object.keys(codes).sort((a, b) => b.length - a.length)
  const left: Problem[] = []
  for (const finding of error.errors) {
    const name = names.find((field) => isWithin(finding.pointer ?? '', `/${field}`)) ?? ownerOf(finding.code, codes)
    if (name === undefined) left.push(finding)
    else if (!at.has(name)) at.set(name, words(finding))
  }
  const whole = ownerOf(error.code, codes)
  if (at.size === 0 && whole !== undefined) at.set(whole, words(error))
  if (at.size > 0 && left.length === 0) return { at, rest: null }
  const { status, code, detail, hint, requestId, retryAfterS } = error
  return { at, rest: new ApiError(status, code, detail, hint, left, requestId, retryAfterS) }
}

function ownerOf(code: string, codes: Codes): string | undefined {
  return Object.keys(codes).find((field) => codes[field]?.includes(code))
}

function isWithin(pointer: string, field: string): boolean {
  return pointer === field || pointer.startsWith(`${field}/`)
}

function words({ detail, hint }: { detail: string; hint: string }): string {
  return [sentence(detail), sentence(hint)].filter(Boolean).join(' ')
}
