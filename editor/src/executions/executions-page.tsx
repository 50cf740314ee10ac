import { executions } from '../api/calls'
import { executionStatus } from '../api/types'
import type { ExecutionSummary } from '../api/types'
import { Link } from '../app/link'
import { useNames } from '../app/names'
import type { Names } from '../app/names'
import { usePaged } from '../app/paged'
import { setQuery, to, useQuery } from '../app/router'
import { List, ListingPage } from '../ui/listing'
import { SavedViews } from '../ui/saved-views'
import { StatusChip } from '../ui/status'
import { between, dateTime } from '../ui/time'

const EVERY_MS = 2_000
/** Fields of the address. */
const FILTERS = ['workflow', 'status', 'trial']

/** The newest executions, as they go; which of them is in the address. */
export function ExecutionsPage() {
  const [workflow, status, trial] = [useQuery('workflow'), useQuery('status'), useQuery('trial')]
  const paged = usePaged(
    (cursor) => executions(workflow || null, cursor, trial, status),
    `executions ${workflow} ${trial} ${status}`,
    EVERY_MS,
    ['execution'],
  )
  const { nameOf, choices } = useNames()
  const filters = <Filters {...{ workflow, status, trial }} names={choices} />
  return (
    <ListingPage title="Executions" actions={filters}>
      <List<ExecutionSummary>
        label="Executions"
        items={paged.items}
        error={paged.error}
        onRetry={paged.reload}
        more={paged.more}
        keyOf={(item) => item.id}
        empty={<p>{nothing(status, paged.more !== null)}</p>}
        columns={[
          { head: 'Status', isFit: true, cell: (item) => <Standing item={item} /> },
          {
            head: 'Workflow',
            cell: (item) => (
              <Link className="name" href={to.execution(item.id)}>
                {nameOf(item.workflow_id)}
              </Link>
            ),
          },
          { head: 'Started', cell: (item) => dateTime(item.created_at) },
          { head: 'Took', cell: (item) => between(item.created_at, item.ended_at) },
          { head: 'Began at', cell: (item) => <code>{item.trigger}</code> },
        ]}
      />
    </ListingPage>
  )
}

function Standing({ item }: { item: ExecutionSummary }) {
  const isCancelled = item.ending && item.ended_at === null
  return (
    <>
      <StatusChip status={item.status} />
      {isCancelled && (
        <span className="chip" title={item.ending?.reason}>
          is being cancelled
        </span>
      )}
    </>
  )
}

function nothing(status: string, hasOlder: boolean): string {
  if (status === '') return 'Nothing has run yet.'
  return hasOlder ? `None of the newest is ${status}.` : `None is ${status}.`
}

interface FiltersProps {
  workflow: string
  status: string
  trial: string
  names: Names['choices']
}

function Filters({ workflow, status, trial, names }: FiltersProps) {
  return (
    <>
      <SavedViews list="executions" fields={FILTERS} />
      <select aria-label="Workflow" value={workflow} onChange={(event) => setQuery('workflow', event.target.value)}>
        <option value="">All workflows</option>
        {names.map(([id, name]) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
      <select aria-label="Status" value={status} onChange={(event) => setQuery('status', event.target.value)}>
        <option value="">Any status</option>
        {executionStatus.words.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <select aria-label="Trials" value={trial} onChange={(event) => setQuery('trial', event.target.value)}>
        <option value="">Without trials</option>
        <option value="any">With trials</option>
        <option value="true">Trials only</option>
      </select>
    </>
  )
}
