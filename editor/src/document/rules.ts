/** Which edges may be drawn. The server is the judge of everything; this is what can be said at once. */

import { kindOf, nodeById } from './graph'
import type { EdgeKind, Graph } from './graph'

export interface Wish {
  source: string
  port: string | null
  target: string
  kind: EdgeKind
}

export interface Roles {
  roleOf(type: string): 'trigger' | 'step' | 'container' | undefined
}

/** Why that edge cannot be; nothing if it can. */
export function objection(graph: Graph, wish: Wish, roles: Roles): string | null {
  const source = nodeById(graph, wish.source)
  const target = nodeById(graph, wish.target)
  if (!source || !target) return 'One end of the edge is not there.'
  if (source.id === target.id) return 'A step cannot lead to itself.'
  if (source.parentId !== target.parentId) return 'An edge cannot cross the wall of a container.'
  if (roles.roleOf(target.type) === 'trigger') return 'Nothing leads to a trigger: it starts the execution.'
  if (wish.kind !== 'flow' && roles.roleOf(source.type) === 'trigger') return 'A trigger does not fail.'
  const same = graph.edges.some(
    (edge) =>
      edge.source === wish.source &&
      edge.target === wish.target &&
      kindOf(edge) === wish.kind &&
      (edge.sourceHandle ?? null) === wish.port,
  )
  if (same) return 'This edge is there already.'
  if (leadsTo(graph, wish.target, wish.source)) return 'Steps cannot go in a circle: use a loop container.'
  return undoObjection(graph, wish)
}

function undoObjection(graph: Graph, wish: Wish): string | null {
  const into = graph.edges.filter((edge) => edge.target === wish.target)
  if (wish.kind === 'compensate' && into.length > 0) return 'A step that undoes has no other edges into it.'
  const isUndo = into.some((edge) => kindOf(edge) === 'compensate')
  return isUndo ? 'That step undoes another one: it has no other edges into it.' : null
}

/** Whether a path leads from one node to another. */
export function leadsTo(graph: Graph, from: string, to: string): boolean {
  const open = [from]
  const seen = new Set(open)
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (id === to) return true
    for (const edge of graph.edges) {
      if (edge.source === id && !seen.has(edge.target)) {
        seen.add(edge.target)
        open.push(edge.target)
      }
    }
  }
  return false
}

/** Nodes whose outputs a node's expressions may name: those before it, and before the containers around it. */
export function ancestors(graph: Graph, id: string): string[] {
  const found = new Set<string>()
  for (let at: string | undefined = id; at !== undefined; at = nodeById(graph, at)?.parentId) {
    for (const node of graph.nodes) if (node.id !== at && leadsTo(graph, node.id, at)) found.add(node.id)
    if (found.has(at)) break
  }
  return graph.nodes.map((node) => node.id).filter((node) => found.has(node))
}
