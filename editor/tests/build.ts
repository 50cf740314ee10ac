/** Graphs for tests, written short. */

import type { Kinds } from '../src/document/geometry'
import type { Graph, GraphEdge, GraphNode } from '../src/document/graph'
import { read } from '../src/document/codec'
import type { Roles } from '../src/document/rules'

/** `node('a')`, or `node('a', { parentId: 'each' })`. */
export function node(id: string, more: Partial<GraphNode> = {}): GraphNode {
  return { id, type: 'debug.noop', position: { x: 0, y: 0 }, ...more }
}

/** `edge('a', 'b')`, or `edge('a', 'b', 'true')`. */
export function edge(source: string, target: string, port?: string, more: Partial<GraphEdge> = {}): GraphEdge {
  return { id: `${source}-${target}`, source, target, ...(port === undefined ? {} : { sourceHandle: port }), ...more }
}

export function graph(nodes: GraphNode[], edges: GraphEdge[] = []): Graph {
  return read({ nodes, edges })
}

/** Types that begin with `trigger.` and `logic.for_each` are what they are called. */
export const roles: Roles = {
  roleOf: (type) => (type.startsWith('trigger.') ? 'trigger' : type === 'logic.for_each' ? 'container' : 'step'),
}

export const kinds: Kinds = {
  isContainer: (type) => type === 'logic.for_each',
  portsOf: (found) => (found.type === 'logic.condition' ? ['true', 'false'] : ['out']),
}

/** Random numbers that are the same each time: a linear congruential generator. */
export function randomness(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
