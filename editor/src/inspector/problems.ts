/** What is wrong with one node, by field. */

import type { Problem } from '../api/types'

const PLACE = /^\/nodes\/\d+(\/.*)?$/

/** By pointer below the node, such as `/data/config/url`. */
export function problemsAt(problems: readonly Problem[], nodeId: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const problem of problems) {
    if (problem.node_id !== nodeId) continue
    const place = PLACE.exec(problem.pointer ?? '')?.[1] ?? ''
    if (!found.has(place)) found.set(place, problem.detail)
  }
  return found
}
