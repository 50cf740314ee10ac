import type { NodeMark } from '../canvas/marks'
import type { Problem } from '../api/types'

/** Which nodes have something wrong, and which one an edge would lead to. */
export function nodeMarks(problems: readonly Problem[], candidate: string | null): ReadonlyMap<string, NodeMark> {
  const marks = new Map<string, NodeMark>()
  for (const { node_id } of problems) if (node_id) marks.set(node_id, { problem: 'error' })
  if (candidate !== null) marks.set(candidate, { ...marks.get(candidate), isCandidate: true })
  return marks
}
