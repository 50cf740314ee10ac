import { healthOf } from '../../api/platform'
import type { Health, Standing } from '../../api/platform'
import { useLoad } from '../../app/load'
import { setQuery, useQuery } from '../../app/router'
import { Chip } from '../../ui/chip'
import type { Tone } from '../../ui/chip'
import { Failure } from '../../ui/failure'
import { List, ListingPage } from '../../ui/listing'
import { dateTime } from '../../ui/time'
import { Curve } from './curve'
import { CURVES, RANGES, rangeOf } from './curves'
import { Duties } from './duties-section'

const EVERY_MS = 30_000
const TONES: Record<Standing, Tone> = { good: 'good', warn: 'wait', bad: 'bad' }
const WORDS: Record<Standing, string> = { good: 'good', warn: 'look at it', bad: 'bad' }

/** How the first cell, its fleet and its database are and were, and what workers do in all cells to keep them so. */
export function HealthPage() {
  const hours = rangeOf(useQuery('hours'))
  const loaded = useLoad(() => healthOf(hours), `health ${hours}`, EVERY_MS)
  const range = (
    <select aria-label="How far back" value={hours} onChange={(event) => setQuery('hours', event.target.value)}>
      {RANGES.map(([value, words]) => (
        <option key={value} value={value}>
          {words}
        </option>
      ))}
    </select>
  )
  return (
    <ListingPage title="Health" about="How workers and database are, by figures that workers take." actions={range}>
      {loaded.error && <Failure error={loaded.error} onRetry={loaded.reload} />}
      {loaded.value && <Known health={loaded.value} />}
      <Duties everyMs={EVERY_MS} />
    </ListingPage>
  )
}

function Known({ health }: { health: Health }) {
  const newest = health.points.at(-1)
  return (
    <>
      <List<Health['checks'][number]>
        label="Checks"
        items={health.checks}
        error={null}
        onRetry={() => undefined}
        keyOf={({ check }) => check}
        empty={<p>Nothing was judged.</p>}
        columns={[
          {
            head: 'Standing',
            isFit: true,
            cell: ({ standing }) => <Chip tone={TONES[standing]}>{WORDS[standing]}</Chip>,
          },
          { head: 'What', cell: ({ check }) => check },
          { head: 'How', cell: ({ detail }) => detail },
        ]}
      />
      {newest && (
        <>
          <div className="curves" data-testid="curves">
            {CURVES.map(({ label, of, words }) => (
              <Curve key={label} label={label} values={health.points.map(of)} words={words} />
            ))}
          </div>
          <p className="faint">
            Of cell {health.cell}; taken {dateTime(newest.at)}, and again about every minute.
          </p>
        </>
      )}
    </>
  )
}
