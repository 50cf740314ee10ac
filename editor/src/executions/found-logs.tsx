import { searchLogs } from '../api/calls'
import { executionStatus } from '../api/types'
import type { FoundLog, Page } from '../api/types'
import { Link } from '../app/link'
import { useNames } from '../app/names'
import { usePaged } from '../app/paged'
import { to } from '../app/router'
import { List } from '../ui/listing'
import { StatusChip } from '../ui/status'
import { clock, dateTime } from '../ui/time'

type Item = FoundLog & { id: string }

/** Executions in whose logs all these words are in one line, with these lines. */
export function FoundLogs({ wanted }: { wanted: string }) {
  const paged = usePaged((cursor) => find(wanted, cursor), `logs ${wanted}`)
  const { nameOf } = useNames()
  return (
    <List<Item>
      label="Logs"
      items={paged.items}
      error={paged.error}
      onRetry={paged.reload}
      more={paged.more}
      keyOf={(item) => item.id}
      empty={
        <p>{paged.more ? 'None of the newest wrote these words.' : 'Nothing that has ended wrote these words.'}</p>
      }
      columns={[
        { head: 'Status', isFit: true, cell: (item) => <Standing status={item.status} /> },
        {
          head: 'Workflow',
          cell: (item) => (
            <Link className="name" href={to.execution(item.id)}>
              {nameOf(item.workflow_id)}
            </Link>
          ),
        },
        { head: 'Started', cell: (item) => dateTime(item.created_at) },
        { head: 'Lines', cell: (item) => <Lines item={item} /> },
      ]}
    />
  )
}

function Standing({ status }: { status: string }) {
  const known = executionStatus.words.find((word) => word === status)
  return known ? <StatusChip status={known} /> : <span className="chip">{status}</span>
}

function Lines({ item }: { item: FoundLog }) {
  return (
    <ol className="log">
      {item.lines.map((line) => (
        <li key={line.log_id} data-level={line.level}>
          <time dateTime={line.created_at}>{clock(line.created_at)}</time>
          <span>{line.level}</span>
          <pre>{line.message}</pre>
        </li>
      ))}
      {item.has_more && <li className="faint">and more</li>}
    </ol>
  )
}

async function find(wanted: string, cursor: string | null): Promise<Page<Item>> {
  const page = await searchLogs(wanted, cursor)
  return { ...page, items: page.items.map((item) => ({ ...item, id: item.execution_id })) }
}
