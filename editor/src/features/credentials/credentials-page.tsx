import { useState } from 'react'

import { credentials } from '../../api/credentials'
import type { Credential } from '../../api/credentials'
import { Link } from '../../app/link'
import { usePaged } from '../../app/paged'
import { navigate, to } from '../../app/router'
import { useCan } from '../../app/who'
import { Icon } from '../../ui/icon'
import { List, ListingPage } from '../../ui/listing'
import { ago, dateTime } from '../../ui/time'
import { CredentialDialog } from './credential-dialog'

/** What steps sign in with elsewhere. */
export default function CredentialsPage() {
  const paged = usePaged(credentials, 'credentials', 30_000)
  const mayChange = useCan('credentials.write')
  const [isMaking, setMaking] = useState(false)
  const make = (
    <button type="button" className="primary" onClick={() => setMaking(true)}>
      <Icon name="add" /> New credential
    </button>
  )
  return (
    <ListingPage
      title="Credentials"
      about="Steps name a credential to sign in elsewhere. What is secret of it is stored sealed, is sent to its hosts only, and is never shown again."
      actions={mayChange && make}
    >
      <List<Credential>
        label="Credentials"
        items={paged.items}
        error={paged.error}
        onRetry={paged.reload}
        more={paged.more}
        keyOf={(credential) => credential.id}
        empty={<p>No step signs in anywhere yet.</p>}
        columns={[
          {
            head: 'Name',
            cell: (credential) => (
              <Link className="name" href={to.credential(credential.id)}>
                {credential.name}
              </Link>
            ),
          },
          { head: 'Type', cell: (credential) => credential.type.replace(/_/g, ' ') },
          { head: 'Sent to', cell: (credential) => credential.allowed_hosts.join(', ') },
          {
            head: 'Changed',
            cell: (credential) => (
              <span title={dateTime(credential.updated_at)}>
                {ago(credential.updated_at)} <span className="faint">{credential.updated_by ?? ''}</span>
              </span>
            ),
          },
        ]}
      />
      {isMaking && (
        <CredentialDialog
          credential={null}
          onDone={(made) => navigate(to.credential(made.id))}
          onClose={() => setMaking(false)}
        />
      )}
    </ListingPage>
  )
}
