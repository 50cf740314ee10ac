/** What the expressions of a node may read, with what it was in an execution. */

import { createContext, useContext, useMemo } from 'react'

import { execution, executions } from '../api/calls'
import type { Execution } from '../api/types'
import { useStore } from '../app/store'
import type { GraphNode } from '../document/graph'
import { ancestors } from '../document/rules'
import type { Editing } from '../workflows/editing'
import { partsOf } from './sample'
import type { Sample } from './sample'

export interface Known {
  input: unknown
  outputs: ReadonlyMap<string, unknown>
}

/** Asks for it when it is wanted first; no execution is no failure. */
export type Reading = () => Promise<Sample[]>

const NOTHING: Reading = () => Promise.resolve([])
const Context = createContext<Reading>(NOTHING)
export const ReadingProvider = Context.Provider

export function useReading(): Reading {
  return useContext(Context)
}

/** The data of the execution that one works with, else of the newest one. */
export async function knownOf(editing: Editing): Promise<Known | null> {
  const { basis, sample } = editing.get()
  const past = basis ?? (await newest(editing.draft.id))
  if (!past) return sample && { input: sample.input, outputs: new Map() }
  const settled = past.steps.filter((step) => step.status === 'completed' && step.scope === '')
  const input = basis === null && sample ? sample.input : past.input
  return { input, outputs: new Map(settled.map((step) => [step.node_id, step.output])) }
}

export function readingOf(editing: Editing, node: GraphNode): Reading {
  let asked: Promise<Sample[]> | null = null
  const ask = async () => {
    const known = await knownOf(editing).catch(() => null)
    const sources: [string, unknown][] = [
      ['input', known?.input],
      ...ancestors(editing.graph, node.id).map((id): [string, unknown] => [`steps.${id}`, known?.outputs.get(id)]),
    ]
    return sources.flatMap(([name, value]) => [
      { name, key: name, shown: labelled(editing, name), depth: 0 },
      ...partsOf(name, value),
    ])
  }
  return () => (asked ??= ask())
}

/** For one node, anew when the graph or the execution changes. */
export function useReadingOf(editing: Editing, node: GraphNode): Reading {
  const basis = useStore(editing, (state) => state.basis)
  const sample = useStore(editing, (state) => state.sample)
  const edges = useStore(editing.draft, (state) => state.history.present.edges)
  return useMemo(() => readingOf(editing, node), [editing, node.id, basis, sample, edges])
}

function labelled(editing: Editing, name: string): string {
  return name.startsWith('steps.') ? editing.named(name.slice('steps.'.length)) : 'of the execution'
}

async function newest(workflowId: string): Promise<Execution | null> {
  const [first] = (await executions(workflowId)).items
  return first ? execution(first.id) : null
}
