import type { DailyStats, Day } from '../../api/stats'
import { Plot } from '../../ui/plot'
import type { PlotBar } from '../../ui/plot'
import { barsOf, durationTold, emailsTold, executionsTold, leadsTold, slotsOf, successTold } from './figures'

interface Section {
  title: string
  about?: string
  tell: (day: Day) => Omit<PlotBar, 'name'>
  line?: { value: number; words: string }
}

const SECTIONS: readonly Section[] = [
  { title: 'Executions', about: 'Those that were asked for on that day; red: failed.', tell: executionsTold },
  {
    title: 'Success',
    about: 'Of those that completed or failed.',
    tell: successTold,
    line: { value: 100, words: '100 %' },
  },
  { title: 'Durations', about: 'What half of them took at most.', tell: durationTold },
  { title: 'E-mails', tell: emailsTold },
  { title: 'Leads', tell: leadsTold },
]

/** A plot for each figure, with a bar for each day. */
export function Days({ stats }: { stats: DailyStats }) {
  const slots = slotsOf(stats)
  return (
    <div className="columns">
      {SECTIONS.map(({ title, about, tell, line }) => (
        <section key={title} className="section" aria-label={title}>
          <header>
            <h2>{title}</h2>
          </header>
          <Plot label={`${title} by day`} bars={barsOf(slots, tell)} line={line ?? null} />
          {about && <p className="faint">{about}</p>}
        </section>
      ))}
    </div>
  )
}
