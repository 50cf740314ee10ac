import { schedules } from '../../api/triggers'
import type { Schedule } from '../../api/triggers'
import { Link } from '../../app/link'
import { usePaged } from '../../app/paged'
import { setQuery, to, useQuery } from '../../app/router'
import { Chip } from '../../ui/chip'
import { List, ListingPage } from '../../ui/listing'
import { dateTime } from '../../ui/time'
import { FIRE_TONES, SCHEDULE_TONES, until } from './standing'

/** What starts by the clock, and when it does next. */
export default function SchedulesPage() {
  const workflow = useQuery('workflow')
  const paged = usePaged((cursor) => schedules(workflow, cursor), `schedules ${workflow}`, 5_000)
  const all = (
    <button type="button" onClick={() => setQuery('workflow', '')}>
      Of all workflows
    </button>
  )
  return (
    <ListingPage
      title="Schedules"
      about="Every published workflow that begins with a schedule. Its times are set on the canvas, at the trigger."
      actions={workflow !== '' && all}
    >
      <List<Schedule>
        label="Schedules"
        items={paged.items}
        error={paged.error}
        onRetry={paged.reload}
        more={paged.more}
        keyOf={(schedule) => schedule.id}
        empty={<p>Nothing starts by the clock. Put the trigger “Schedule” into a workflow, and publish it.</p>}
        columns={[
          {
            head: 'State',
            isFit: true,
            cell: (schedule) => <Chip tone={SCHEDULE_TONES[schedule.status]}>{schedule.status}</Chip>,
          },
          {
            head: 'Workflow',
            cell: (schedule) => (
              <>
                <Link className="name" href={to.schedule(schedule.id)}>
                  {schedule.workflow_name}
                </Link>{' '}
                <code className="faint">{schedule.node_id}</code>
              </>
            ),
          },
          {
            head: 'When',
            cell: (schedule) => (
              <>
                <code>{schedule.cron}</code> <span className="faint">{schedule.zone}</span>
              </>
            ),
          },
          { head: 'Next', cell: (schedule) => <Next schedule={schedule} /> },
          {
            head: 'Last',
            cell: (schedule) =>
              schedule.last && (
                <span title={dateTime(schedule.last.at)}>
                  <Chip tone={FIRE_TONES[schedule.last.status]}>{schedule.last.status}</Chip>
                </span>
              ),
          },
          {
            head: 'Missed',
            isEnd: true,
            cell: (schedule) => <span className={schedule.missed > 0 ? 'bad' : 'faint'}>{schedule.missed}</span>,
          },
        ]}
      />
    </ListingPage>
  )
}

function Next({ schedule }: { schedule: Schedule }) {
  if (schedule.next_at === null || schedule.status !== 'active') return <span className="faint">–</span>
  return (
    <span title={`${dateTime(schedule.next_at)} here, ${schedule.next_local ?? ''} there`}>
      {until(schedule.next_at)}
    </span>
  )
}
