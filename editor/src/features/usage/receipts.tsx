import { receipts } from '../../api/usage'
import type { Receipt } from '../../api/usage'
import { Link } from '../../app/link'
import { usePaged } from '../../app/paged'
import { setQuery, to, useQuery } from '../../app/router'
import { quotaName } from '../../ui/figure'
import { List } from '../../ui/listing'
import { dateTime } from '../../ui/time'

const METERED = ['executions_per_month', 'email_sends_per_month']

/** What was counted, one by one. */
export function Receipts() {
  const quota = useQuery('quota')
  const paged = usePaged(async (cursor) => {
    const { items, next_cursor } = await receipts(quota, cursor)
    const idOf = ({ quota, execution_id, step }: Receipt) => `${quota} ${execution_id} ${step?.node_id} ${step?.scope}`
    return { items: items.map((receipt) => ({ ...receipt, id: idOf(receipt) })), next_cursor }
  }, `receipts ${quota}`)
  return (
    <>
      <header className="page-head">
        <h2>What was counted</h2>
        <select aria-label="Quota" value={quota} onChange={(event) => setQuery('quota', event.target.value)}>
          <option value="">All</option>
          {METERED.map((name) => (
            <option key={name} value={name}>
              {quotaName(name)}
            </option>
          ))}
        </select>
      </header>
      <List
        label="Receipts"
        items={paged.items}
        error={paged.error}
        onRetry={paged.reload}
        more={paged.more}
        keyOf={(receipt) => receipt.id}
        empty={<p>Nothing was counted yet. The first data come with the first execution.</p>}
        columns={[
          { head: 'When', isFit: true, cell: (receipt) => dateTime(receipt.at) },
          { head: 'What', cell: (receipt) => quotaName(receipt.quota) },
          {
            head: 'By',
            cell: ({ execution_id, step }) => (
              <Link href={to.execution(execution_id, step ? { step: stepKey(step) } : {})}>
                {step ? `step ${step.node_id}` : 'execution'} {execution_id.slice(-12)}
              </Link>
            ),
          },
          { head: 'Units', isEnd: true, cell: (receipt) => receipt.units },
        ]}
      />
    </>
  )
}

function stepKey({ node_id, scope }: { node_id: string; scope: string }): string {
  return scope ? `${scope}/${node_id}` : node_id
}
