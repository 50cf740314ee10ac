/** What is shown on top of a graph without being in it: problems while editing, statuses while it runs. */

import { createContext, useContext } from 'react'

import type { StepStatus } from '../api/types'
import { Store, useStore } from '../app/store'

export interface NodeMark {
  status?: StepStatus
  /** Beside the status, such as `attempt 2` or `3 of 5`. */
  note?: string
  problem?: 'error' | 'warning'
  isCandidate?: boolean
}

export type EdgeMark = 'open' | 'taken' | 'skipped'

export interface MarksState {
  nodes: ReadonlyMap<string, NodeMark>
  edges: ReadonlyMap<string, EdgeMark>
}

export type Marks = Store<MarksState>

const NO_MARK: NodeMark = {}

export function noMarks(): Marks {
  return new Store<MarksState>({ nodes: new Map(), edges: new Map() })
}

/** Sets marks, and keeps those that are as before, so that only what changed is drawn again. */
export function setMarks(
  marks: Marks,
  nodes: ReadonlyMap<string, NodeMark>,
  edges?: ReadonlyMap<string, EdgeMark>,
): void {
  const before = marks.get()
  const kept = new Map([...nodes].map(([id, mark]) => [id, same(before.nodes.get(id), mark)]))
  marks.set({ nodes: kept, edges: edges ?? before.edges })
}

function same(before: NodeMark | undefined, mark: NodeMark): NodeMark {
  const isSame =
    before?.status === mark.status &&
    before?.note === mark.note &&
    before?.problem === mark.problem &&
    before?.isCandidate === mark.isCandidate
  return isSame && before ? before : mark
}

const Context = createContext<Marks>(noMarks())
export const MarksProvider = Context.Provider

export function useNodeMark(id: string): NodeMark {
  return useStore(useContext(Context), (state) => state.nodes.get(id) ?? NO_MARK)
}

export function useEdgeMark(id: string): EdgeMark | undefined {
  return useStore(useContext(Context), (state) => state.edges.get(id))
}
