import { useState } from 'react'

import { endpoints } from '../../api/webhooks'
import type { Endpoint } from '../../api/webhooks'
import { Link } from '../../app/link'
import { useLoad } from '../../app/load'
import { navigate, to } from '../../app/router'
import { useCan } from '../../app/who'
import { Chip } from '../../ui/chip'
import { Icon } from '../../ui/icon'
import { List, ListingPage } from '../../ui/listing'
import { Once } from '../../ui/once'
import { ago } from '../../ui/time'
import { EndpointDialog } from './endpoint-dialog'
import { ENDPOINT_TONES, typesInWords } from './standing'

/** Who is told of what happens here. */
export default function WebhooksPage() {
  const loaded = useLoad(endpoints, 'endpoints', 10_000)
  const mayChange = useCan('webhooks.write')
  const [isMaking, setMaking] = useState(false)
  const [made, setMade] = useState<Endpoint | null>(null)
  const make = (
    <button type="button" className="primary" onClick={() => setMaking(true)}>
      <Icon name="add" /> New endpoint
    </button>
  )
  return (
    <ListingPage
      title="Webhooks"
      about="An endpoint is an address of yours that is told of events, with a signature, again and again until it answers."
      actions={mayChange && make}
    >
      <List<Endpoint>
        label="Endpoints"
        items={loaded.value?.items ?? null}
        error={loaded.error}
        onRetry={loaded.reload}
        keyOf={(endpoint) => endpoint.id}
        empty={<p>Nobody is told of anything yet.</p>}
        columns={[
          {
            head: 'State',
            isFit: true,
            cell: (endpoint) => <Chip tone={ENDPOINT_TONES[endpoint.status]}>{endpoint.status}</Chip>,
          },
          {
            head: 'Address',
            cell: (endpoint) => (
              <>
                <Link className="name" href={to.webhook(endpoint.id)}>
                  {endpoint.url}
                </Link>
                {endpoint.description && <div className="faint">{endpoint.description}</div>}
                {endpoint.reason && <div className="bad">{endpoint.reason}</div>}
              </>
            ),
          },
          { head: 'Hears', cell: (endpoint) => typesInWords(endpoint.types) },
          { head: 'Changed', cell: (endpoint) => ago(endpoint.updated_at) },
        ]}
      />
      {isMaking && <EndpointDialog endpoint={null} onDone={setMade} onClose={() => setMaking(false)} />}
      {made && (
        <Once
          title="The signing secret"
          secret={made.secret ?? ''}
          about="The receiver checks signatures with it."
          onClose={() => navigate(to.webhook(made.id))}
        />
      )}
    </ListingPage>
  )
}
