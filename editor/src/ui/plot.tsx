import { useId } from 'react'

export interface PlotBar {
  name: string
  value: number
  /** How much of it is bad: drawn in another colour, from below. */
  bad?: number
  /** The value in words, with what of it is bad. */
  words: string
}

interface Props {
  label: string
  bars: readonly PlotBar[]
  /** A line across, such as a limit, with what it is. */
  line?: { value: number; words: string } | null
}

const WIDTH = 360
const HEIGHT = 120
const FOOT = 22
const GAP = 8
/** As many bars have their names below; of more, so many names are shown. */
const NAMED_MAX = 13
const NAMES_OF_MANY = 7

/** Bars of one measure, and the same as a table for whoever cannot see them. */
export function Plot({ label, bars, line = null }: Props) {
  const id = useId()
  const most = Math.max(1, ...bars.map((bar) => bar.value), line?.value ?? 0) * 1.08
  const step = WIDTH / Math.max(1, bars.length)
  const width = Math.min(56, step - Math.min(GAP, step * 0.3))
  const every = bars.length <= NAMED_MAX ? 1 : Math.ceil(bars.length / NAMES_OF_MANY)
  const top = (value: number) => HEIGHT - (value / most) * HEIGHT
  return (
    <figure className="plot">
      <svg viewBox={`0 -14 ${WIDTH} ${HEIGHT + FOOT + 14}`} role="img" aria-label={label} aria-describedby={id}>
        {bars.map((bar, at) => {
          const x = at * step + (step - width) / 2
          return (
            <g key={bar.name}>
              <rect
                className="plot-bar"
                data-over={line !== null && bar.value > line.value}
                x={x}
                y={top(bar.value)}
                width={width}
                height={HEIGHT - top(bar.value)}
                rx={2}
              >
                <title>{`${bar.name}: ${bar.words}`}</title>
              </rect>
              {bar.bad !== undefined && bar.bad > 0 && (
                <rect
                  className="plot-bar"
                  data-over="true"
                  x={x}
                  y={top(bar.bad)}
                  width={width}
                  height={HEIGHT - top(bar.bad)}
                  rx={2}
                >
                  <title>{`${bar.name}: ${bar.words}`}</title>
                </rect>
              )}
              {(bars.length - 1 - at) % every === 0 && (
                <text x={x + width / 2} y={HEIGHT + 15}>
                  {bar.name}
                </text>
              )}
            </g>
          )
        })}
        <line className="plot-foot" x1={0} x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
        {line && (
          <g className="plot-line">
            <line x1={0} x2={WIDTH} y1={top(line.value)} y2={top(line.value)} />
            <text x={WIDTH - 2} y={top(line.value) - 4}>
              {line.words}
            </text>
          </g>
        )}
      </svg>
      <div className="visually-hidden">
        <table id={id}>
          <caption>{label}</caption>
          <tbody>
            {bars.map((bar) => (
              <tr key={bar.name}>
                <th scope="row">{bar.name}</th>
                <td>{bar.words}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  )
}
