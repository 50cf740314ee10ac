import { leads } from '../../api/leads'
import type { Lead } from '../../api/leads'
import { Link } from '../../app/link'
import { usePaged } from '../../app/paged'
import { to } from '../../app/router'
import { List } from '../../ui/listing'
import { ago, dateTime } from '../../ui/time'
import { nameOf } from './words'

export function LeadTable({ wanted }: { wanted: string }) {
  const paged = usePaged((cursor) => leads('', wanted, cursor), `leads ${wanted}`, 5_000, ['lead'])
  return (
    <List<Lead>
      label="Leads"
      items={paged.items}
      error={paged.error}
      onRetry={paged.reload}
      more={paged.more}
      keyOf={(lead) => lead.id}
      empty={<p>{wanted ? 'No lead has that in it.' : 'Nobody has asked for anything yet. Publish a form.'}</p>}
      columns={[
        {
          head: 'Who',
          cell: (lead) => (
            <Link className="name" href={to.lead(lead.id)}>
              {nameOf(lead)}
            </Link>
          ),
        },
        { head: 'E-mail', cell: (lead) => lead.email ?? '' },
        { head: 'Company', cell: (lead) => lead.company ?? '' },
        { head: 'Status', cell: (lead) => lead.status },
        { head: 'Came by', cell: (lead) => <code>{lead.source}</code> },
        {
          head: 'Last heard of',
          cell: (lead) => <span title={dateTime(lead.last_activity_at)}>{ago(lead.last_activity_at)}</span>,
        },
      ]}
    />
  )
}
