import { Suspense, lazy } from 'react'

import { workflows } from '../../api/calls'
import { daily } from '../../api/stats'
import type { DailyStats } from '../../api/stats'
import { useLoad } from '../../app/load'
import { Link } from '../../app/link'
import { setQuery, to, useQuery } from '../../app/router'
import { useCan } from '../../app/who'
import { Failure } from '../../ui/failure'
import { ListingPage } from '../../ui/listing'
import { dateTime } from '../../ui/time'
import { Days } from './days'
import { RANGES, firstOf, rangeOf, sumsOf } from './figures'
import { OpenAlerts } from './open-alerts'
import { Plan } from './plan'
import { Tiles } from './tiles'

const Checklist = lazy(() => import('../begin/checklist'))
const EVERY_MS = 60_000

/** How the workspace fares: from sums that workers keep, so that it costs the same however much there is. */
export default function OverviewPage() {
  const maySee = useCan('usage.read')
  const maySeeAlerts = useCan('workspace.read')
  return (
    <ListingPage title="Overview" actions={maySee && <Range />}>
      {maySeeAlerts && <OpenAlerts />}
      {maySee && <Counted />}
      {maySee && <Plan />}
      {!maySee && (
        <p className="empty">
          What was counted is not for you to see. <Link href={to.workflows()}>Workflows</Link>
        </p>
      )}
    </ListingPage>
  )
}

function Range() {
  const range = rangeOf(useQuery('days'))
  return (
    <select aria-label="How far back" value={range} onChange={(event) => setQuery('days', event.target.value)}>
      {RANGES.map(([days, words]) => (
        <option key={days} value={days}>
          {words}
        </option>
      ))}
    </select>
  )
}

function Counted() {
  const range = rangeOf(useQuery('days'))
  const loaded = useLoad(() => daily(firstOf(range)), `daily ${range}`, EVERY_MS)
  return (
    <>
      {loaded.error && <Failure error={loaded.error} onRetry={loaded.reload} />}
      {loaded.value && <Known stats={loaded.value} range={range} />}
    </>
  )
}

/** Who signs in to a new workspace is told here, too, what comes first. */
function Beginning() {
  const loaded = useLoad(() => workflows(), 'workflows of a beginning', EVERY_MS)
  return <Suspense fallback={null}>{loaded.value && <Checklist workflows={loaded.value.items} />}</Suspense>
}

function Known({ stats, range }: { stats: DailyStats; range: string }) {
  const sums = sumsOf(stats.items)
  if (sums.counted_at === null) {
    return (
      <>
        <Beginning />
        <p className="empty">
          <span>
            Nothing is counted yet. Workers count each day about every ten minutes, from the first execution on.{' '}
            <Link href={to.workflows()}>Begin with a workflow</Link>
          </span>
        </p>
      </>
    )
  }
  return (
    <>
      <Tiles sums={sums} today={stats.items.find(({ day }) => day === stats.to) ?? null} range={range} />
      <Days stats={stats} />
      <p className="faint" data-testid="counted-at">
        Days are those of UTC. Counted {dateTime(sums.counted_at)}, and again about every ten minutes; trials are left
        out.
      </p>
    </>
  )
}
