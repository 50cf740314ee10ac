import { useState } from 'react'
import type { KeyboardEvent } from 'react'

import { nodeById } from '../document/graph'
import type { EdgeKind } from '../document/graph'
import type { Wish } from '../document/rules'
import type { Editing } from './editing'

interface State {
  source: string
  /** Which of the ways out: each port, then its failure. */
  way: number
  target: number
}

interface Way {
  kind: EdgeKind
  port: string | null
  name: string
}

export interface Connecting {
  /** The node that Enter would connect to. */
  candidate: string | null
  words: string | null
  begin(): void
  /** Whether the key was meant for this. */
  key(event: KeyboardEvent): boolean
}

/** Connecting with keys alone: `C`, arrows for the target, `C` again for another port, Enter. */
export function useKeyboardConnect(editing: Editing): Connecting {
  const [state, setState] = useState<State | null>(null)
  const ways = state ? waysOf(editing, state.source) : []
  const way = ways[(state?.way ?? 0) % Math.max(1, ways.length)]
  const targets = state && way ? targetsOf(editing, state.source, way) : []
  const candidate = targets[(state?.target ?? 0) % Math.max(1, targets.length)] ?? null
  const words =
    state && way
      ? `${editing.named(state.source)} · ${way.name} → ${candidate ? editing.named(candidate) : 'nothing fits'}`
      : null

  const begin = () => {
    const source = editing.chosenStep
    if (source !== null && !editing.isReadOnly) setState({ source, way: 0, target: 0 })
  }
  const commit = () => {
    if (state && way && candidate !== null) editing.connect({ source: state.source, target: candidate, ...wishOf(way) })
    setState(null)
  }
  const turn = (by: number) =>
    setState(state && { ...state, target: (state.target + by + targets.length) % Math.max(1, targets.length) })
  const key = (event: KeyboardEvent): boolean => {
    if (!state) return false
    if (event.key === 'Escape') setState(null)
    else if (event.key === 'Enter') commit()
    else if (event.key === 'c') setState({ ...state, way: state.way + 1, target: 0 })
    else if (event.key === 'ArrowRight' || event.key === 'ArrowDown') turn(1)
    else if (event.key === 'ArrowLeft' || event.key === 'ArrowUp') turn(-1)
    else return false
    event.preventDefault()
    return true
  }
  return { candidate, words, begin, key }
}

function wishOf(way: Way): Pick<Wish, 'kind' | 'port'> {
  return { kind: way.kind, port: way.port }
}

function waysOf(editing: Editing, source: string): Way[] {
  const node = nodeById(editing.graph, source)
  if (!node) return []
  const ports = editing.kinds.portsOf(node)
  const flow = ports.map((port): Way => ({ kind: 'flow', port: ports.length > 1 ? port : null, name: port }))
  if (editing.catalogue.roleOf(node.type) === 'trigger') return flow
  return [
    ...flow,
    { kind: 'error', port: null, name: 'on error' },
    { kind: 'compensate', port: null, name: 'undone by' },
  ]
}

/** Those that may be connected, the nearest first. */
function targetsOf(editing: Editing, source: string, way: Way): string[] {
  const { graph } = editing
  const from = nodeById(graph, source)
  const fits = graph.nodes.filter((node) => editing.objection({ source, target: node.id, ...wishOf(way) }) === null)
  const distance = (node: { position: { x: number; y: number } }) =>
    from ? Math.hypot(node.position.x - from.position.x, node.position.y - from.position.y) : 0
  return fits.sort((a, b) => distance(a) - distance(b)).map((node) => node.id)
}
