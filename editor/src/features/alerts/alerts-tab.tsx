import { alerts } from '../../api/alerts'
import type { Alert } from '../../api/alerts'
import { Link } from '../../app/link'
import type { Names } from '../../app/names'
import { tellOpenAlerts } from '../../app/open-alerts'
import { usePaged } from '../../app/paged'
import { setQuery, to, useQuery } from '../../app/router'
import { Chip } from '../../ui/chip'
import { List } from '../../ui/listing'
import { ago, between, dateTime } from '../../ui/time'
import { KINDS, causeOf, executionsOf } from './words'

const EVERY_MS = 10_000

/** Open alerts, or those of before, too; the newest first. */
export function AlertsTab({ names }: { names: Names }) {
  const wanted = useQuery('status') === 'all' ? 'all' : 'open'
  const load = async (cursor: string | null) => {
    const page = await alerts(wanted, cursor)
    if (wanted === 'open' && cursor === null) tellOpenAlerts(page.items.length)
    return page
  }
  const paged = usePaged(load, `alerts ${wanted}`, EVERY_MS, ['alert'])
  return (
    <>
      <header className="page-head">
        <select
          aria-label="Which alerts"
          value={wanted}
          onChange={(event) => setQuery('status', event.target.value === 'all' ? 'all' : '')}
        >
          <option value="open">Open</option>
          <option value="all">Open and past</option>
        </select>
      </header>
      <List<Alert>
        label="Alerts"
        items={paged.items}
        error={paged.error}
        onRetry={paged.reload}
        more={paged.more}
        keyOf={(alert) => alert.id}
        empty={<p>{wanted === 'open' ? 'No alert is open.' : 'There was no alert in the last 90 days.'}</p>}
        columns={[
          {
            head: 'State',
            isFit: true,
            cell: ({ status }) => <Chip tone={status === 'open' ? 'bad' : 'good'}>{status}</Chip>,
          },
          { head: 'What', cell: (alert) => <What alert={alert} /> },
          { head: 'Concerns', cell: (alert) => <Concerned alert={alert} names={names} /> },
          {
            head: 'Since',
            cell: ({ raised_at }) => (
              <>
                {dateTime(raised_at)} <span className="faint">{ago(raised_at)}</span>
              </>
            ),
          },
          { head: 'Cleared', cell: (alert) => <Cleared alert={alert} /> },
        ]}
      />
    </>
  )
}

function What({ alert }: { alert: Alert }) {
  return (
    <>
      <strong>{alert.summary}</strong>
      <div className="faint">
        {KINDS[alert.kind]}; rule <code>{alert.rule}</code>
      </div>
    </>
  )
}

/** The way to what it is about: its workflow, and the executions that it names, else those that tell of it. */
function Concerned({ alert, names }: { alert: Alert; names: Names }) {
  const { kind, workflow_id } = alert
  const workflow = workflow_id ?? ''
  const named = executionsOf(alert)
  return (
    <ul className="plain">
      <li>
        {workflow_id ? <Link href={to.workflow(workflow_id)}>{names.nameOf(workflow_id)}</Link> : 'all workflows'}
      </li>
      {kind === 'failure_rate' && (
        <li>
          <Link href={to.failures({ workflow })}>What failed</Link>
        </li>
      )}
      {kind === 'silence' && (
        <li>
          <Link href={to.executions({ workflow })}>Its executions</Link>
        </li>
      )}
      {named.map((id) => (
        <li key={id}>
          <Link href={to.execution(id)}>execution {id.slice(-12)}</Link>
        </li>
      ))}
    </ul>
  )
}

function Cleared({ alert }: { alert: Alert }) {
  if (alert.cleared_at === null) return <span className="faint">not yet</span>
  return (
    <>
      {dateTime(alert.cleared_at)}
      <div className="faint">
        after {between(alert.raised_at, alert.cleared_at)}: {causeOf(alert)}
      </div>
    </>
  )
}
