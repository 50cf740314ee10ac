/**
 * What is pinned: an output that stands for a step while one tries a draft out. It is part of the node's data, and
 * executions of what is published take no notice of it.
 */

import type { Graph, GraphNode, NodeData } from './graph'

export interface Pinned {
  output: unknown
  port?: string
  more_ports?: string[]
}

/** What a step gave, on all the ports that it went on at. */
export function pinOf(came: { output?: unknown; port?: string | null; more_ports?: string[] }): Pinned {
  const { output, port, more_ports: more } = came
  return { output, ...(port ? { port } : {}), ...(more?.length ? { more_ports: more } : {}) }
}

export function pinnedOf(node: GraphNode): Pinned | null {
  const pinned = node.data?.['pinned']
  return typeof pinned === 'object' && pinned !== null && 'output' in pinned ? (pinned as Pinned) : null
}

export function withPinned(data: NodeData, pinned: Pinned | null): NodeData {
  const { pinned: _before, ...bare } = data
  return pinned === null ? bare : { ...bare, pinned }
}

export function pinAll(graph: Graph, outputs: ReadonlyMap<string, Pinned>): Graph {
  const nodes = graph.nodes.map((node) => {
    const pinned = outputs.get(node.id)
    return pinned ? { ...node, data: withPinned(node.data ?? {}, pinned) } : node
  })
  return { ...graph, nodes }
}

export function pinnedOutputs(graph: Graph): ReadonlyMap<string, unknown> {
  return new Map(
    graph.nodes.flatMap((node) => {
      const pinned = pinnedOf(node)
      return pinned ? [[node.id, pinned.output] as const] : []
    }),
  )
}

export function pinnedIds(graph: Graph): string[] {
  return graph.nodes.filter((node) => pinnedOf(node) !== null).map((node) => node.id)
}
