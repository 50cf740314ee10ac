import { pathOf } from './curves'

interface Props {
  label: string
  /** Null where there is nothing. */
  values: readonly (number | null)[]
  words: (value: number) => string
}

const WIDTH = 240
const HEIGHT = 56

/** A small line, with what it is now and was at most in words. */
export function Curve({ label, values, words }: Props) {
  const known = values.filter((value) => value !== null)
  const now = known.at(-1)
  const said = now === undefined ? 'nothing yet' : words(now)
  const most = known.length === 0 ? '' : `at most ${words(Math.max(...known))}`
  return (
    <figure className="curve">
      <figcaption>
        <span>{label}</span>
        <strong>{said}</strong>
      </figcaption>
      <svg viewBox={`-1 -2 ${WIDTH + 2} ${HEIGHT + 4}`} role="img" aria-label={`${label}: ${said}, ${most}`}>
        <line className="plot-foot" x1={0} x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
        <path d={pathOf(values, WIDTH, HEIGHT)} />
      </svg>
      <p className="faint">{most}</p>
    </figure>
  )
}
