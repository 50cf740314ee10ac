/** How the states of a type are drawn: columns from left to right, by the longest way that leads there. */

import type { RecordType } from '../../api/records'

const [WIDTH, HEIGHT, GAP_X, GAP_Y, EDGE] = [124, 34, 52, 18, 12]

export interface DrawnState {
  name: string
  label: string
  kind: string
  x: number
  y: number
}

export interface Drawing {
  width: number
  height: number
  states: DrawnState[]
  /** Each with its path, as SVG writes it. */
  ways: { from: string; to: string; path: string }[]
}

type Machine = Pick<RecordType, 'initial' | 'states' | 'transitions'>
type Way = Machine['transitions'][number]

export const STATE_WIDTH_PX = WIDTH
export const STATE_HEIGHT_PX = HEIGHT

export function drawn(machine: Machine): Drawing {
  const ranks = ranksOf(machine)
  const rows = new Map<number, number>()
  const states = machine.states.map(({ name, label, kind }) => {
    const rank = ranks.get(name) ?? 0
    const row = rows.get(rank) ?? 0
    rows.set(rank, row + 1)
    return { name, label, kind, x: EDGE + rank * (WIDTH + GAP_X), y: EDGE + row * (HEIGHT + GAP_Y) }
  })
  const at = new Map(states.map((state) => [state.name, state]))
  const below = Math.max(0, ...states.map(({ y }) => y + HEIGHT))
  const ways = machine.transitions.flatMap(({ from, to }) => {
    const [begin, end] = [at.get(from), at.get(to)]
    return begin && end ? [{ from, to, path: pathOf(begin, end, below) }] : []
  })
  const hasBack = ways.some(({ from, to }) => (at.get(from)?.x ?? 0) >= (at.get(to)?.x ?? 0))
  return {
    width: Math.max(0, ...states.map(({ x }) => x + WIDTH)) + EDGE,
    height: below + (hasBack ? GAP_Y : 0) + EDGE,
    states,
    ways,
  }
}

/** Ways to the next column go from side to side, those further on between the rows, those that lead back below everything. */
function pathOf(begin: DrawnState, end: DrawnState, below: number): string {
  if (end.x <= begin.x) return backwards(begin, end, below)
  const [x, y, toX, toY, bend] = [begin.x + WIDTH, begin.y + HEIGHT / 2, end.x, end.y + HEIGHT / 2, GAP_X / 2]
  if (toX - x <= GAP_X) return `M${x} ${y}C${x + bend} ${y} ${toX - bend} ${toY} ${toX} ${toY}`
  const lane = begin.y + HEIGHT + GAP_Y / 2
  const down = `C${x + bend} ${y} ${x + bend} ${lane} ${x + GAP_X} ${lane}`
  return `M${x} ${y}${down}H${toX - GAP_X}C${toX - bend} ${lane} ${toX - bend} ${toY} ${toX} ${toY}`
}

function backwards(begin: DrawnState, end: DrawnState, below: number): string {
  const [x, y, toX, toY] = [begin.x + WIDTH * 0.6, begin.y + HEIGHT, end.x + WIDTH * 0.4, end.y + HEIGHT]
  // A curve reaches three quarters of the way to where it is drawn to: below everything, and not further.
  const depth = (below + GAP_Y - (y + toY) / 8) / 0.75
  return `M${x} ${y}C${x} ${depth} ${toX} ${depth} ${toX} ${toY}`
}

/** Ways that lead back are passed over, so that there is an end to it. */
function ranksOf({ initial, states, transitions }: Machine): Map<string, number> {
  const back = backWays(
    initial,
    states.map(({ name }) => name),
    transitions,
  )
  const onward = transitions.filter((way) => !back.has(way))
  const ranks = new Map(states.map(({ name }) => [name, 0]))
  for (let turn = 0; turn < states.length; turn += 1) {
    for (const { from, to } of onward) ranks.set(to, Math.max(ranks.get(to) ?? 0, (ranks.get(from) ?? 0) + 1))
  }
  return ranks
}

/** Those that lead to a state on the way to which they lie. */
function backWays(initial: string, names: readonly string[], ways: readonly Way[]): Set<Way> {
  const [back, done, open] = [new Set<Way>(), new Set<string>(), new Set<string>()]
  const visit = (name: string) => {
    if (done.has(name)) return
    open.add(name)
    for (const way of ways.filter(({ from }) => from === name)) {
      if (open.has(way.to)) back.add(way)
      else visit(way.to)
    }
    open.delete(name)
    done.add(name)
  }
  for (const name of [initial, ...names]) visit(name)
  return back
}
