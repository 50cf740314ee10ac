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
import { FoundLogs } from './found-logs'

const EVERY_MS = 2_000
/** Fields of the address. */
const FILTERS = ['workflow', 'status', 'trial', 'q', 'in']

/** Which executions are shown, as the address says it. */
interface Shown {
  workflow: string
  status: string
  trial: string
  /** Words that are looked for. */
  q: string
}

/** The newest executions, as they go, or those that have some words; which of them is in the address. */
export function ExecutionsPage() {
  const [workflow, status, trial] = [useQuery('workflow'), useQuery('status'), useQuery('trial')]
  const [q, place] = [useQuery('q'), useQuery('in')]
  const { choices } = useNames()
  const shown = { workflow, status, trial, q }
  const filters = <Filters {...shown} place={place} names={choices} />
  return (
    <ListingPage title="Executions" actions={filters}>
      {place === 'logs' && hasWord(q) ? <FoundLogs wanted={q.trim()} /> : <Executions {...shown} />}
    </ListingPage>
  )
}

function hasWord(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text)
}

function Executions({ workflow, status, trial, q }: Shown) {
  const wanted = q.trim()
  const paged = usePaged(
    (cursor) => executions(workflow || null, cursor, trial, status, wanted),
    `executions ${workflow} ${trial} ${status} ${wanted}`,
    wanted === '' ? EVERY_MS : 0,
    wanted === '' ? ['execution'] : [],
  )
  const { nameOf } = useNames()
  return (
    <List<ExecutionSummary>
      label="Executions"
      items={paged.items}
      error={paged.error}
      onRetry={paged.reload}
      more={paged.more}
      keyOf={(item) => item.id}
      empty={<p>{nothing(status, wanted, paged.more !== null)}</p>}
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

function nothing(status: string, wanted: string, hasOlder: boolean): string {
  if (wanted !== '') {
    const none = hasOlder ? 'None of the newest has these words' : 'Nothing that has ended has these words'
    return `${none} in its input, result, error or name. Logs are looked through by themselves: choose them above.`
  }
  if (status === '') return hasOlder ? 'None of the newest is one of these.' : 'Nothing has run yet.'
  return hasOlder ? `None of the newest is ${status}.` : `None is ${status}.`
}

interface FiltersProps extends Shown {
  /** Where the words are looked for: `logs`, or else in what executions hold. */
  place: string
  names: Names['choices']
}

function Filters({ workflow, status, trial, q, place, names }: FiltersProps) {
  return (
    <>
      <SavedViews list="executions" fields={FILTERS} />
      <input
        type="search"
        aria-label="Find executions"
        placeholder="Find executions"
        title="Words of inputs, results, errors and names, or of logs; of what has ended"
        value={q}
        onChange={(event) => setQuery('q', event.target.value)}
      />
      {q !== '' && (
        <select aria-label="Look in" value={place} onChange={(event) => setQuery('in', event.target.value)}>
          <option value="">Inputs, results, errors, names</option>
          <option value="logs">Logs</option>
        </select>
      )}
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
