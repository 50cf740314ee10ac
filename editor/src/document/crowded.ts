/** Whether a drawing was made for smaller nodes: then there is no room for its edges. */

import { sizeOf } from './geometry'
import type { Kinds } from './geometry'
import { nodeById } from './graph'
import type { Graph } from './graph'

const EDGE_PX_MIN = 48

export function isCrowded(graph: Graph, kinds: Kinds): boolean {
  if (graph.unplaced.size > 0) return true
  return graph.edges.some((edge) => {
    const [source, target] = [nodeById(graph, edge.source), nodeById(graph, edge.target)]
    if (!source || !target) return false
    const gap = target.position.x - source.position.x - sizeOf(graph, source, kinds).width
    return gap >= -100 && gap < EDGE_PX_MIN
  })
}
