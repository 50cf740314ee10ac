import { useState } from 'react'

import { countsOf, deliveryStatus } from '../../api/webhooks'
import type { Delivery, Endpoint } from '../../api/webhooks'
import { useLoad } from '../../app/load'
import type { Paged } from '../../app/paged'
import { setQuery, useQuery } from '../../app/router'
import { useCan } from '../../app/who'
import { Chip } from '../../ui/chip'
import { Icon } from '../../ui/icon'
import { List } from '../../ui/listing'
import { dateTime } from '../../ui/time'
import { DeliveryDialog } from './delivery-dialog'
import { ResendDialog } from './resend-dialog'
import { DELIVERY_TONES, nextOf } from './standing'

/** What was sent to an endpoint, newest first; which one is looked at is in the address. */
export function DeliveriesTab({ endpoint, paged }: { endpoint: Endpoint; paged: Paged<Delivery> }) {
  const [status, type, open] = [useQuery('status'), useQuery('type'), useQuery('delivery')]
  const [isResending, setResending] = useState(false)
  const counts = useLoad(() => countsOf(endpoint.id), `counts ${endpoint.id}`, 5_000)
  const mayChange = useCan('webhooks.write') && endpoint.status !== 'disabled'
  return (
    <>
      <header className="page-head">
        <select aria-label="Status" value={status} onChange={(event) => setQuery('status', event.target.value)}>
          <option value="">Any status</option>
          {deliveryStatus.words.map((word) => (
            <option key={word} value={word}>
              {word} {counts.value ? `(${counts.value[word]})` : ''}
            </option>
          ))}
        </select>
        <input
          type="search"
          aria-label="Type of the event"
          placeholder="Type of the event"
          defaultValue={type}
          onChange={(event) => setQuery('type', event.target.value.trim())}
        />
        <span className="spacer" />
        {mayChange && (
          <button type="button" onClick={() => setResending(true)}>
            <Icon name="retry" /> Resend…
          </button>
        )}
      </header>
      <List<Delivery>
        label="Deliveries"
        items={paged.items}
        error={paged.error}
        onRetry={paged.reload}
        more={paged.more}
        keyOf={(delivery) => delivery.id}
        empty={<p>{status || type ? 'No delivery is like that.' : 'Nothing was sent there yet. Send a test.'}</p>}
        columns={[
          {
            head: 'Status',
            isFit: true,
            cell: (delivery) => <Chip tone={DELIVERY_TONES[delivery.status]}>{delivery.status}</Chip>,
          },
          {
            head: 'Event',
            cell: (delivery) => (
              <button type="button" className="link name" onClick={() => setQuery('delivery', delivery.id)}>
                {delivery.type}
              </button>
            ),
          },
          { head: 'Attempts', cell: (delivery) => delivery.attempts },
          { head: 'Next', cell: (delivery) => nextOf(delivery) || (delivery.reason ?? '') },
          { head: 'Made', cell: (delivery) => dateTime(delivery.created_at) },
        ]}
      />
      {open !== '' && <DeliveryDialog key={open} id={open} onClose={() => setQuery('delivery', '')} />}
      {isResending && <ResendDialog endpoint={endpoint} onResent={paged.reload} onClose={() => setResending(false)} />}
    </>
  )
}
