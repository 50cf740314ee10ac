import { useState } from 'react'

import { executions, workflows } from '../api/calls'
import { executionStatus } from '../api/types'
import type { ExecutionSummary } from '../api/types'
import { Link } from '../app/link'
import { useLoad } from '../app/load'
import { setQuery, to, useQuery } from '../app/router'
import { useTitle } from '../app/title'
import { Failure } from '../ui/failure'
import { StatusChip } from '../ui/status'
import { between, dateTime } from '../ui/time'

const EVERY_MS = 2_000

/** The newest executions, as they go; which of them is in the address. */
export function ExecutionsPage() {
  useTitle('Executions')
  const workflow = useQuery('workflow')
  const status = useQuery('status')
  const trial = useQuery('trial')
  const newest = useLoad(() => executions(workflow || null, null, trial), `executions ${workflow} ${trial}`, EVERY_MS)
  const names = useLoad(() => workflows(), 'names', 30_000)
  const older = useOlder(workflow, trial)
  const seen = new Set(newest.value?.items.map((item) => item.id))
  const all = [...(newest.value?.items ?? []), ...older.items.filter((item) => !seen.has(item.id))]
  const shown = all.filter((item) => status === '' || item.status === status)
  const next = older.items.length > 0 ? older.next : (newest.value?.next_cursor ?? null)
  const nameOf = (id: string) => names.value?.items.find((item) => item.id === id)?.name ?? id.slice(0, 8)
  return (
    <main className="listing">
      <header className="page-head">
        <h1>Executions</h1>
        <select aria-label="Workflow" value={workflow} onChange={(event) => setQuery('workflow', event.target.value)}>
          <option value="">All workflows</option>
          {names.value?.items.map((item) => (
            <option key={item.id} value={item.id}>
              {item.name}
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
      </header>
      {newest.error && <Failure error={newest.error} onRetry={newest.reload} />}
      {newest.value && shown.length === 0 && (
        <p className="empty">
          {all.length === 0 ? 'Nothing has run yet.' : `None of the newest ${all.length} is ${status}.`}
        </p>
      )}
      {shown.length > 0 && <Table items={shown} nameOf={nameOf} />}
      {next && (
        <button type="button" className="more" onClick={() => void older.load(next)}>
          Load older ones
        </button>
      )}
    </main>
  )
}

function useOlder(workflow: string, trial: string) {
  const of = `${workflow} ${trial}`
  const [state, setState] = useState<{ of: string; items: ExecutionSummary[]; next: string | null }>({
    of,
    items: [],
    next: null,
  })
  const items = state.of === of ? state.items : []
  const load = async (cursor: string) => {
    const page = await executions(workflow || null, cursor, trial)
    setState({ of, items: [...items, ...page.items], next: page.next_cursor })
  }
  return { items, next: state.next, load }
}

function Table({ items, nameOf }: { items: ExecutionSummary[]; nameOf: (id: string) => string }) {
  return (
    <table className="rows">
      <thead>
        <tr>
          <th>Status</th>
          <th>Workflow</th>
          <th>Started</th>
          <th>Took</th>
          <th>Began at</th>
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <tr key={item.id}>
            <td className="fit">
              <StatusChip status={item.status} />
            </td>
            <td>
              <Link className="name" href={to.execution(item.id)}>
                {nameOf(item.workflow_id)}
              </Link>
            </td>
            <td>{dateTime(item.created_at)}</td>
            <td>{between(item.created_at, item.ended_at)}</td>
            <td>
              <code>{item.trigger}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
