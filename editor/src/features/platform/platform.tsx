import { logOut } from '../../api/access'
import { Bell } from '../../app/bell'
import { Link } from '../../app/link'
import { to } from '../../app/router'
import type { Route } from '../../app/router'
import { useMe } from '../../app/who'
import { Icon } from '../../ui/icon'
import type { IconName } from '../../ui/icon'
import { Toasts } from '../../ui/toast'
import { HealthPage } from './health-page'
import { PlatformSettingsPage } from './settings-page'
import { TenantPage } from './tenant-page'
import { TenantsPage } from './tenants-page'

const PLACES: readonly { icon: IconName; label: string; href: string; pages: Route['page'][] }[] = [
  { icon: 'group', label: 'Tenants', href: to.tenants(), pages: ['tenants', 'tenant'] },
  { icon: 'gauge', label: 'Health', href: to.health(), pages: ['health'] },
  { icon: 'gear', label: 'Settings', href: to.platform(), pages: ['platform'] },
]

/** What an administrator of the platform sees: tenants and how all of it stands, and nothing of what is in them. */
export default function Platform({ route }: { route: Route }) {
  const me = useMe()
  const leave = () => void logOut().then(() => location.assign(to.open('login')))
  const isElsewhere = !PLACES.some(({ pages }) => pages.includes(route.page))
  return (
    <div className="shell">
      <nav className="rail" aria-label="Main">
        {PLACES.map(({ icon, label, href, pages }) => (
          <Link
            key={label}
            className="rail-item"
            href={href}
            aria-current={pages.includes(route.page) || (isElsewhere && label === 'Tenants') ? 'page' : undefined}
          >
            <Icon name={icon} />
            <span>{label}</span>
          </Link>
        ))}
        <span className="spacer" />
        <Bell level="platform" />
        <button type="button" className="rail-item" title={`Sign out ${me?.user?.email ?? ''}`} onClick={leave}>
          <Icon name="sign" />
          <span>Sign out</span>
        </button>
      </nav>
      <div className="page">
        <Shown route={route} />
      </div>
      <Toasts />
    </div>
  )
}

function Shown({ route }: { route: Route }) {
  switch (route.page) {
    case 'tenant':
      return <TenantPage key={route.id} id={route.id} />
    case 'health':
      return <HealthPage />
    case 'platform':
      return <PlatformSettingsPage />
    default:
      return <TenantsPage />
  }
}
