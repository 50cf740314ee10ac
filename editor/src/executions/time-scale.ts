/**
 * Puts times on a line of length 1. Stretches in which nothing began or ended may last days, beside steps of
 * milliseconds: they are drawn shorter, and told.
 */

export interface Gap {
  /** Places on the line. */
  from: number
  to: number
  ms: number
}

export interface TimeScale {
  at(time: number): number
  gaps: Gap[]
}

/** A stretch is shortened if it is longer than this and than all others together. */
const GAP_MS_MIN = 2_000
/** How much of the others' length it is drawn as. */
const GAP_SHARE = 0.3

interface Stretch {
  from: number
  to: number
  drawn: number
  isGap: boolean
}

export function timeScale(times: readonly number[]): TimeScale {
  const points = [...new Set(times)].sort((a, b) => a - b)
  const stretches = points.slice(1).map((to, at): Stretch => {
    const from = points[at] ?? to
    return { from, to, drawn: to - from, isGap: false }
  })
  shorten(stretches)
  let whole = 0
  const begun = stretches.map(({ drawn }) => (whole += drawn) - drawn)
  const at = (time: number) => {
    const ix = lastUpTo(stretches, time)
    const stretch = stretches[ix]
    if (!stretch || whole === 0) return 0
    const share = Math.min(1, (time - stretch.from) / (stretch.to - stretch.from))
    return Math.min(1, ((begun[ix] ?? 0) + share * stretch.drawn) / whole)
  }
  const gaps = stretches.filter((stretch) => stretch.isGap)
  return { at, gaps: gaps.map(({ from, to }) => ({ from: at(from), to: at(to), ms: to - from })) }
}

/** The last that has begun at a time; -1 before all of them. */
function lastUpTo(stretches: readonly Stretch[], time: number): number {
  let [low, high] = [0, stretches.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((stretches[middle]?.from ?? 0) <= time) low = middle + 1
    else high = middle
  }
  return low - 1
}

function shorten(stretches: Stretch[]): void {
  for (const stretch of [...stretches].sort((a, b) => b.drawn - a.drawn)) {
    const others = stretches.reduce((sum, other) => sum + (other === stretch ? 0 : other.drawn), 0)
    if (stretch.drawn < GAP_MS_MIN || stretch.drawn < others || others === 0) return
    stretch.drawn = Math.max(others * GAP_SHARE, 1)
    stretch.isGap = true
  }
}
