import { logOut } from '../../api/access'
import { navigate, to } from '../../app/router'
import type { Route } from '../../app/router'
import { useMe } from '../../app/who'
import { Icon } from '../../ui/icon'
import { Toasts } from '../../ui/toast'
import { TenantPage } from './tenant-page'
import { TenantsPage } from './tenants-page'

/** What an administrator of the platform sees: tenants, and nothing of what is in them. */
export default function Platform({ route }: { route: Route }) {
  const me = useMe()
  const leave = () => void logOut().then(() => location.assign(to.open('login')))
  return (
    <div className="shell">
      <nav className="rail" aria-label="Main">
        <a
          className="rail-item"
          href={to.tenants()}
          aria-current="page"
          onClick={(event) => (event.preventDefault(), navigate(to.tenants()))}
        >
          <Icon name="group" />
          <span>Tenants</span>
        </a>
        <span className="spacer" />
        <button type="button" className="rail-item" title={`Sign out ${me?.user?.email ?? ''}`} onClick={leave}>
          <Icon name="sign" />
          <span>Sign out</span>
        </button>
      </nav>
      <div className="page">
        {route.page === 'tenant' ? <TenantPage key={route.id} id={route.id} /> : <TenantsPage />}
      </div>
      <Toasts />
    </div>
  )
}
