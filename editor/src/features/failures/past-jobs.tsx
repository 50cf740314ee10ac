import { bulkJobs } from '../../api/bulk'
import type { BulkJob } from '../../api/bulk'
import { useLoad } from '../../app/load'
import { setQuery } from '../../app/router'
import { Chip } from '../../ui/chip'
import type { Tone } from '../../ui/chip'
import { Table } from '../../ui/table'
import { dateTime } from '../../ui/time'
import { countsInWords, verbInWords } from './orders'

const SHOWN_MAX = 5
const EVERY_MS = 5_000
const TONES: Record<BulkJob['status'], Tone> = { running: 'busy', completed: 'good', cancelled: 'quiet' }

/** The newest jobs, whoever made them; nothing where there are none. */
export function PastJobs() {
  const loaded = useLoad(() => bulkJobs(SHOWN_MAX), 'bulk jobs', EVERY_MS)
  const items = loaded.value?.items ?? []
  if (items.length === 0) return null
  return (
    <section className="section" aria-label="What was done">
      <header>
        <h2>What was done</h2>
      </header>
      <Table<BulkJob>
        label="Jobs"
        items={items}
        keyOf={({ id }) => id}
        columns={[
          { head: 'State', isFit: true, cell: ({ status }) => <Chip tone={TONES[status]}>{status}</Chip> },
          {
            head: 'What',
            cell: (job) => (
              <button type="button" className="link" onClick={() => setQuery('job', job.id)}>
                {verbInWords(job)}
              </button>
            ),
          },
          { head: 'How far', cell: ({ counts }) => countsInWords(counts) },
          { head: 'Made', cell: ({ created_at }) => dateTime(created_at) },
        ]}
      />
    </section>
  )
}
