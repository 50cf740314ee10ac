import { scheduleOf } from '../../api/triggers'
import type { Fire, ScheduleWhole } from '../../api/triggers'
import { Link } from '../../app/link'
import { useLoad } from '../../app/load'
import { to } from '../../app/router'
import { useTitle } from '../../app/title'
import { Chip } from '../../ui/chip'
import { Fact, Facts } from '../../ui/facts'
import { Failure } from '../../ui/failure'
import { Icon } from '../../ui/icon'
import { List } from '../../ui/listing'
import { dateTime } from '../../ui/time'
import { ScheduleActions } from './schedule-actions'
import { causeOf, FIRE_TONES, SCHEDULE_TONES, until } from './standing'

/** One schedule: its next times, and what came of those that were. */
export default function SchedulePage({ id }: { id: string }) {
  const loaded = useLoad(() => scheduleOf(id), `schedule ${id}`, 2_000)
  const schedule = loaded.value
  useTitle(schedule ? `Schedule of ${schedule.workflow_name}` : 'Schedule')
  if (!schedule) return loaded.error && <Failure error={loaded.error} onRetry={loaded.reload} />
  return (
    <main className="listing">
      <header className="page-head">
        <Link className="back" href={to.schedules()} aria-label="All schedules">
          <Icon name="back" />
        </Link>
        <h1>{schedule.workflow_name}</h1>
        <Chip tone={SCHEDULE_TONES[schedule.status]}>{schedule.status}</Chip>
        <ScheduleActions schedule={schedule} onChanged={loaded.reload} />
      </header>
      {schedule.paused && (
        <p className="notice">
          Paused {dateTime(schedule.paused.at)} {schedule.paused.by && `by ${schedule.paused.by}`}
          {schedule.paused.reason && `: ${schedule.paused.reason}`}. What is due meanwhile is not caught up; back-fill
          it if it is needed.
        </p>
      )}
      <div className="columns">
        <About schedule={schedule} />
        <NextTimes schedule={schedule} />
      </div>
      <h2>What came of it</h2>
      <Fires schedule={schedule} onRetry={loaded.reload} />
    </main>
  )
}

function About({ schedule }: { schedule: ScheduleWhole }) {
  return (
    <section className="section" aria-label="Settings">
      <h2>Settings</h2>
      <Facts>
        <Fact name="When">
          <code>{schedule.cron}</code>
        </Fact>
        <Fact name="Time zone">{schedule.zone}</Fact>
        <Fact name="If the last has not ended">{schedule.overlap}</Fact>
        <Fact name="After an outage">{schedule.catch_up}</Fact>
        <Fact name="Waiting">{schedule.waiting || null}</Fact>
        <Fact name="Missed">{schedule.missed || null}</Fact>
        <Fact name="Set at">
          <Link href={to.workflow(schedule.workflow_id)}>the step {schedule.node_id}</Link>
        </Fact>
      </Facts>
    </section>
  )
}

function NextTimes({ schedule }: { schedule: ScheduleWhole }) {
  return (
    <section className="section" aria-label="Next times">
      <h2>Next times</h2>
      {schedule.next.length === 0 && <p className="faint">There are none.</p>}
      <ol className="times" data-testid="next-times">
        {schedule.next.map(({ at, local }) => (
          <li key={at}>
            <time dateTime={at} title={`${dateTime(at)} here`}>
              {local.replace('T', ' ')}
            </time>{' '}
            <span className="faint">{until(at)}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}

function Fires({ schedule, onRetry }: { schedule: ScheduleWhole; onRetry: () => void }) {
  return (
    <List<Fire>
      label="Fire times"
      items={schedule.fires}
      error={null}
      onRetry={onRetry}
      keyOf={(fire) => fire.subject ?? `${fire.at} ${fire.cause}`}
      empty={<p>It was not due yet.</p>}
      columns={[
        { head: 'Status', isFit: true, cell: (fire) => <Chip tone={FIRE_TONES[fire.status]}>{fire.status}</Chip> },
        { head: 'Due', cell: (fire) => dateTime(fire.at) },
        { head: 'Why', cell: (fire) => causeOf(fire) },
        {
          head: 'Came to',
          cell: (fire) =>
            fire.execution_id ? <Link href={to.execution(fire.execution_id)}>its execution</Link> : (fire.reason ?? ''),
        },
        { head: 'Tries', isEnd: true, cell: (fire) => fire.tries },
      ]}
    />
  )
}
