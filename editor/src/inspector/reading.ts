/** What the expressions of a node may read, with what it was in an execution. */

import { createContext, useContext, useMemo } from 'react'

import { execution, executions } from '../api/calls'
import type { Execution } from '../api/types'
import { useStore } from '../app/store'
import type { GraphNode } from '../document/graph'
import { pinnedOutputs } from '../document/pinned'
import { ancestors } from '../document/rules'
import type { Editing } from '../workflows/editing'
import { partsOf } from './sample'
import type { Sample } from './sample'

export interface Known {
  input: unknown
  outputs: ReadonlyMap<string, unknown>
}

/** Asks for it when it is wanted first; no execution is no failure. */
export interface Reading {
  /** Whether expressions are filled in: what starts an execution has nothing before it. */
  isFilledIn: boolean
  /** What may be named. */
  samples: () => Promise<Sample[]>
  /** What it was; null if nothing has run and nothing is pinned. */
  known: () => Promise<Known | null>
}

const NOTHING: Reading = { isFilledIn: true, samples: () => Promise.resolve([]), known: () => Promise.resolve(null) }
const Context = createContext<Reading>(NOTHING)
export const ReadingProvider = Context.Provider

export function useReading(): Reading {
  return useContext(Context)
}

/** The data of the execution that one works with, else of the newest one; what is pinned stands in for the rest. */
export async function knownOf(editing: Editing): Promise<Known | null> {
  const { basis, sample } = editing.get()
  const past = basis ?? (await newest(editing.draft.id))
  const pinned = pinnedOutputs(editing.graph)
  if (!past) return sample || pinned.size > 0 ? { input: sample?.input, outputs: pinned } : null
  const settled = past.steps.filter(
    (step) => step.status === 'completed' && step.scope === '' && !step.output_truncated,
  )
  const input = basis === null && sample ? sample.input : past.input
  return { input, outputs: new Map([...pinned, ...settled.map((step) => [step.node_id, step.output] as const)]) }
}

export function readingOf(editing: Editing, node: GraphNode): Reading {
  let asked: Promise<Known | null> | null = null
  const ask = () => (asked ??= knownOf(editing).catch(() => null))
  const samples = async () => {
    const known = await ask()
    const sources: [string, unknown][] = [
      ['input', known?.input],
      ...ancestors(editing.graph, node.id).map((id): [string, unknown] => [`steps.${id}`, known?.outputs.get(id)]),
    ]
    return sources.flatMap(([name, value]) => [
      { name, key: name, shown: labelled(editing, name), depth: 0 },
      ...partsOf(name, value),
    ])
  }
  return { isFilledIn: isFilledIn(editing, node), samples, known: ask }
}

/** For one node, anew when the graph or the execution changes. */
export function useReadingOf(editing: Editing, node: GraphNode): Reading {
  const basis = useStore(editing, (state) => state.basis)
  const sample = useStore(editing, (state) => state.sample)
  const edges = useStore(editing.draft, (state) => state.history.present.edges)
  return useMemo(() => readingOf(editing, node), [editing, node.id, basis, sample, edges])
}

/** Of triggers, only those that map what comes to their input read anything. */
function isFilledIn(editing: Editing, node: GraphNode): boolean {
  const known = editing.catalogue.get(node.type)
  return known?.role !== 'trigger' || 'map' in ((known.schema['properties'] ?? {}) as object)
}

function labelled(editing: Editing, name: string): string {
  return name.startsWith('steps.') ? editing.named(name.slice('steps.'.length)) : 'of the execution'
}

async function newest(workflowId: string): Promise<Execution | null> {
  const [first] = (await executions(workflowId)).items
  return first ? execution(first.id) : null
}
