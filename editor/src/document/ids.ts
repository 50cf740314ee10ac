/** Ids that people read: expressions name nodes by them, as in `steps.send_email`. */

import type { Graph } from './graph'

const NODE_ID = /^[A-Za-z0-9_-]{1,100}$/

export function isNodeId(id: string): boolean {
  return NODE_ID.test(id)
}

/** `send_email`, then `send_email_2` and so on. */
export function newNodeId(taken: ReadonlySet<string>, type: string): string {
  const stem = (type.split('.').at(-1) ?? type).replace(/[^A-Za-z0-9_]/g, '_') || 'step'
  return numbered(taken, stem.replace(/_\d+$/, ''), '_')
}

export function newEdgeId(taken: ReadonlySet<string>, source: string, target: string): string {
  return numbered(taken, `${source}-${target}`.slice(0, 180), '-')
}

/** `note`, then `note_2` and so on. */
export function newNoteId(taken: ReadonlySet<string>): string {
  return numbered(taken, 'note', '_')
}

export function noteIds(graph: Graph): Set<string> {
  return new Set(graph.notes.map((note) => note.id))
}

export function nodeIds(graph: Graph): Set<string> {
  return new Set(graph.nodes.map((node) => node.id))
}

export function edgeIds(graph: Graph): Set<string> {
  return new Set(graph.edges.map((edge) => edge.id))
}

function numbered(taken: ReadonlySet<string>, stem: string, separator: string): string {
  if (!taken.has(stem)) return stem
  let number = 2
  while (taken.has(`${stem}${separator}${number}`)) number += 1
  return `${stem}${separator}${number}`
}
