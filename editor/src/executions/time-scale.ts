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
  const whole = stretches.reduce((sum, stretch) => sum + stretch.drawn, 0) || 1
  const at = (time: number) => {
    const drawn = stretches.reduce((sum, { from, to, drawn }) => {
      const share = to === from ? 0 : Math.min(1, Math.max(0, (time - from) / (to - from)))
      return sum + share * drawn
    }, 0)
    return Math.min(1, drawn / whole)
  }
  const gaps = stretches.filter((stretch) => stretch.isGap)
  return { at, gaps: gaps.map(({ from, to }) => ({ from: at(from), to: at(to), ms: to - from })) }
}

function shorten(stretches: Stretch[]): void {
  for (const stretch of [...stretches].sort((a, b) => b.drawn - a.drawn)) {
    const others = stretches.reduce((sum, other) => sum + (other === stretch ? 0 : other.drawn), 0)
    if (stretch.drawn < GAP_MS_MIN || stretch.drawn < others || others === 0) return
    stretch.drawn = Math.max(others * GAP_SHARE, 1)
    stretch.isGap = true
  }
}
