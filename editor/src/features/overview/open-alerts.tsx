import { alerts } from '../../api/alerts'
import { Link } from '../../app/link'
import { useLoad } from '../../app/load'
import { tellOpenAlerts } from '../../app/open-alerts'
import { to } from '../../app/router'
import { Chip } from '../../ui/chip'
import { Failure, sentence } from '../../ui/failure'
import { ago } from '../../ui/time'

const EVERY_MS = 30_000
const SHOWN_MAX = 5

/** What is out of order now. */
export function OpenAlerts() {
  const load = async () => {
    const { items } = await alerts('open', null)
    tellOpenAlerts(items.length)
    return items
  }
  const loaded = useLoad(load, 'alerts of the overview', EVERY_MS, ['alert'])
  const items = loaded.value
  if (loaded.error) return <Failure error={loaded.error} onRetry={loaded.reload} />
  if (!items) return null
  return (
    <section className="section" aria-label="Open alerts">
      <header>
        <h2>Open alerts</h2>
        <Chip tone={items.length === 0 ? 'good' : 'bad'}>{items.length === 0 ? 'none' : `${items.length}`}</Chip>
        <Link href={to.alerts()}>All alerts and rules</Link>
      </header>
      {items.length > 0 && (
        <ul className="plain">
          {items.slice(0, SHOWN_MAX).map((alert) => (
            <li key={alert.id}>
              {sentence(alert.summary)} <span className="faint">{ago(alert.raised_at)}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
