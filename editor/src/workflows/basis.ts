/** A past execution whose data one works with: what its steps gave can be pinned, tried out with, and looked at. */

import type { Execution } from '../api/types'
import type { Catalogue } from '../app/catalogue'
import { nodeById } from '../document/graph'
import type { Graph } from '../document/graph'
import { pinOf } from '../document/pinned'
import type { Pinned } from '../document/pinned'

/**
 * What can be pinned of it: of steps outside of containers that are still of the same type and have effects, since
 * those without are run anyway. What is too large to be shown is left out.
 */
export function pinnable(execution: Execution, graph: Graph, catalogue: Catalogue): ReadonlyMap<string, Pinned> {
  const found = new Map<string, Pinned>()
  for (const step of execution.steps) {
    const node = step.scope === '' ? nodeById(graph, step.node_id) : undefined
    const type = node?.type === step.type ? catalogue.get(step.type) : undefined
    const reachesOut = type?.role === 'step' && type.effect !== 'pure'
    if (step.status !== 'completed' || step.output_truncated || !reachesOut) continue
    found.set(step.node_id, pinOf(step))
  }
  return found
}

/** Where it began, and with what. */
export function beginningOf(execution: Execution | null, graph: Graph): { trigger: string; input: unknown } | null {
  if (!execution || !nodeById(graph, execution.trigger)) return null
  return { trigger: execution.trigger, input: execution.input }
}
