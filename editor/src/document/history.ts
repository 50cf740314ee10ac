/** Undo and redo: documents with labels. They share what did not change, so an entry costs little. */

import type { Graph } from './graph'

/** Steps that can be undone. */
export const ENTRIES_MAX = 200

interface Entry {
  label: string
  graph: Graph
}

export interface History {
  readonly present: Graph
  readonly past: readonly Entry[]
  readonly future: readonly Entry[]
  /** What the last change belongs to: more of the same, such as typing in one field, is one step. */
  readonly run: string | null
}

export function begin(graph: Graph): History {
  return { present: graph, past: [], future: [], run: null }
}

/**
 * The next document, with what was done in words. Changes with the same `run` right after each other are undone at
 * once.
 */
export function change(history: History, label: string, graph: Graph, run: string | null = null): History {
  if (graph === history.present) return history
  const continues = run !== null && run === history.run
  const past = continues ? history.past : [...history.past, { label, graph: history.present }].slice(-ENTRIES_MAX)
  return { present: graph, past, future: [], run }
}

/** Ends a run: what comes next is a step of its own. */
export function settle(history: History): History {
  return history.run === null ? history : { ...history, run: null }
}

export function undo(history: History): History {
  const last = history.past.at(-1)
  if (!last) return history
  return {
    present: last.graph,
    past: history.past.slice(0, -1),
    future: [{ label: last.label, graph: history.present }, ...history.future],
    run: null,
  }
}

export function redo(history: History): History {
  const [next, ...future] = history.future
  if (!next) return history
  return {
    present: next.graph,
    past: [...history.past, { label: next.label, graph: history.present }],
    future,
    run: null,
  }
}

export function undoLabel(history: History): string | null {
  return history.past.at(-1)?.label ?? null
}

export function redoLabel(history: History): string | null {
  return history.future[0]?.label ?? null
}
