import type { DailyStats, Day } from '../../api/stats'
import { figure, percent } from '../../ui/figure'
import { Plot } from '../../ui/plot'
import type { PlotBar } from '../../ui/plot'
import { span } from '../../ui/time'
import { barsOf, durationTold, emailsTold, executionsTold, leadsTold, slotsOf, successTold } from './figures'
import type { Slot } from './figures'

interface Section {
  title: string
  about?: string
  tell: (day: Day) => Omit<PlotBar, 'name'>
  /** A value in words, beside a line at the highest one. */
  inWords: (value: number) => string
  /** Where that line is in place of the highest value. */
  most?: number
}

const SECTIONS: readonly Section[] = [
  {
    title: 'Executions',
    about: 'Those that were asked for on that day; red: failed.',
    tell: executionsTold,
    inWords: figure,
  },
  {
    title: 'Success',
    about: 'Of those that completed or failed.',
    tell: successTold,
    inWords: (value) => percent(value / 100),
    most: 100,
  },
  { title: 'Durations', about: 'What half of them took at most.', tell: durationTold, inWords: span },
  { title: 'E-mails', tell: emailsTold, inWords: figure },
  { title: 'Leads', tell: leadsTold, inWords: figure },
]

/** A plot for each figure, with a bar for each day. */
export function Days({ stats }: { stats: DailyStats }) {
  const slots = slotsOf(stats)
  return (
    <div className="columns">
      {SECTIONS.map((section) => (
        <Figures key={section.title} section={section} slots={slots} />
      ))}
    </div>
  )
}

function Figures({ section, slots }: { section: Section; slots: readonly Slot[] }) {
  const { title, about, tell, inWords, most } = section
  const bars = barsOf(slots, tell)
  const value = most ?? Math.max(...bars.map((bar) => bar.value))
  return (
    <section className="section" aria-label={title}>
      <header>
        <h2>{title}</h2>
      </header>
      <Plot label={`${title} by day`} bars={bars} line={value > 0 ? { value, words: inWords(value) } : null} />
      {about && <p className="faint">{about}</p>}
    </section>
  )
}
