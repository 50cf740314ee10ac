import { deliveries, endpointOf } from '../../api/webhooks'
import { Link } from '../../app/link'
import { useLoad } from '../../app/load'
import { usePaged } from '../../app/paged'
import { setQuery, to, useQuery } from '../../app/router'
import { useTitle } from '../../app/title'
import { Chip } from '../../ui/chip'
import { Failure } from '../../ui/failure'
import { Icon } from '../../ui/icon'
import { Tabs } from '../../ui/tabs'
import { DeliveriesTab } from './deliveries-tab'
import { EndpointActions } from './endpoint-actions'
import { ENDPOINT_TONES } from './standing'
import { SettingsTab } from './settings-tab'

const TABS = [
  ['deliveries', 'Deliveries'],
  ['settings', 'Settings and secrets'],
] as const

/** One endpoint: what was delivered to it, and how it is set. */
export default function WebhookPage({ id }: { id: string }) {
  const loaded = useLoad(() => endpointOf(id), `endpoint ${id}`, 5_000)
  const [status, type] = [useQuery('status'), useQuery('type')]
  const paged = usePaged((cursor) => deliveries(id, status, type, cursor), `deliveries ${id} ${status} ${type}`, 2_000)
  const tab = useQuery('tab') === 'settings' ? 'settings' : 'deliveries'
  const endpoint = loaded.value
  useTitle(endpoint?.url ?? 'Webhook')
  const reload = () => {
    loaded.reload()
    paged.reload()
  }
  if (!endpoint) return loaded.error && <Failure error={loaded.error} onRetry={loaded.reload} />
  return (
    <main className="listing">
      <header className="page-head">
        <Link className="back" href={to.webhooks()} aria-label="All webhooks">
          <Icon name="back" />
        </Link>
        <h1>{endpoint.url}</h1>
        <Chip tone={ENDPOINT_TONES[endpoint.status]}>{endpoint.status}</Chip>
        <EndpointActions endpoint={endpoint} onChanged={reload} />
      </header>
      {endpoint.reason && <p className="failure">{endpoint.reason}</p>}
      <Tabs
        tabs={TABS}
        chosen={tab}
        label="Endpoint"
        onChoose={(next) => setQuery('tab', next === 'settings' ? next : '')}
      />
      <div role="tabpanel" className="stack" aria-label={tab}>
        {tab === 'settings' ? (
          <SettingsTab endpoint={endpoint} onChanged={reload} />
        ) : (
          <DeliveriesTab endpoint={endpoint} paged={paged} />
        )}
      </div>
    </main>
  )
}
