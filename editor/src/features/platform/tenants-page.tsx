import { useState } from 'react'

import { tenants } from '../../api/platform'
import type { Tenant } from '../../api/platform'
import { tenantState } from '../../api/types'
import { Link } from '../../app/link'
import { usePaged } from '../../app/paged'
import { setQuery, to, useQuery } from '../../app/router'
import { Chip } from '../../ui/chip'
import { Icon } from '../../ui/icon'
import { List, ListingPage } from '../../ui/listing'
import { dateTime } from '../../ui/time'
import { STATE_TONES } from './moves'
import { NewTenantDialog } from './new-tenant-dialog'

/** All workspaces of the platform; what is looked for is in the address. */
export function TenantsPage() {
  const [wanted, state] = [useQuery('q'), useQuery('state')]
  const paged = usePaged((cursor) => tenants(wanted, state, cursor), `tenants ${wanted} ${state}`, 5_000)
  const [isMaking, setMaking] = useState(false)
  const actions = (
    <>
      <input
        type="search"
        aria-label="Find a tenant"
        placeholder="Find a tenant"
        value={wanted}
        onChange={(event) => setQuery('q', event.target.value)}
      />
      <select aria-label="State" value={state} onChange={(event) => setQuery('state', event.target.value)}>
        <option value="">Any state</option>
        {tenantState.words.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <button type="button" className="primary" onClick={() => setMaking(true)}>
        <Icon name="add" /> New tenant
      </button>
    </>
  )
  return (
    <ListingPage title="Tenants" about="Workspaces of the platform, and how they stand." actions={actions}>
      <List<Tenant>
        label="Tenants"
        items={paged.items}
        error={paged.error}
        onRetry={paged.reload}
        more={paged.more}
        keyOf={(tenant) => tenant.id}
        empty={<p>{wanted || state ? 'No tenant is like that.' : 'There is no tenant yet.'}</p>}
        columns={[
          {
            head: 'State',
            isFit: true,
            cell: (tenant) => <Chip tone={STATE_TONES[tenant.state]}>{tenant.state}</Chip>,
          },
          {
            head: 'Name',
            cell: (tenant) => (
              <Link className="name" href={to.tenant(tenant.id)}>
                {tenant.name}
              </Link>
            ),
          },
          { head: 'Address', cell: (tenant) => <code>{tenant.slug}</code> },
          { head: 'Plan', cell: (tenant) => tenant.plan ?? '' },
          { head: 'Made', cell: (tenant) => dateTime(tenant.created_at) },
        ]}
      />
      {isMaking && <NewTenantDialog onMade={paged.reload} onClose={() => setMaking(false)} />}
    </ListingPage>
  )
}
