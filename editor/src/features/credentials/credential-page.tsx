import { credentialOf } from '../../api/credentials'
import type { Credential } from '../../api/credentials'
import { Link } from '../../app/link'
import { useLoad } from '../../app/load'
import { to } from '../../app/router'
import { useTitle } from '../../app/title'
import { Fact, Facts } from '../../ui/facts'
import { Failure } from '../../ui/failure'
import { Icon } from '../../ui/icon'
import { dateTime } from '../../ui/time'
import { CredentialActions } from './credential-actions'
import { TestOf } from './credential-test'

/** One credential: what it is for, who uses it, and whether it works. */
export default function CredentialPage({ id }: { id: string }) {
  const loaded = useLoad(() => credentialOf(id), `credential ${id}`, 30_000)
  const credential = loaded.value
  useTitle(credential?.name ?? 'Credential')
  if (!credential) return loaded.error && <Failure error={loaded.error} onRetry={loaded.reload} />
  return (
    <main className="listing">
      <header className="page-head">
        <Link className="back" href={to.credentials()} aria-label="All credentials">
          <Icon name="back" />
        </Link>
        <h1>{credential.name}</h1>
        <CredentialActions credential={credential} onChanged={loaded.reload} />
      </header>
      <About credential={credential} />
      <TestOf key={`${credential.id} ${credential.revision}`} credential={credential} onTested={loaded.reload} />
      <UsedBy credential={credential} />
    </main>
  )
}

function About({ credential }: { credential: Credential }) {
  const { type, allowed_hosts, fields_set, token, revision } = credential
  return (
    <section className="section" aria-label="Settings">
      <h2>Settings</h2>
      <Facts>
        <Fact name="Type">{type.replace(/_/g, ' ')}</Fact>
        <Fact name="Sent to">{allowed_hosts.join(', ')}</Fact>
        {fields_set.map((field) => (
          <Fact key={field} name={field}>
            •••••
          </Fact>
        ))}
        <Fact name="Token until">{token?.expires_at && dateTime(token.expires_at)}</Fact>
        <Fact name="Token fetched">{token?.refreshed_at && dateTime(token.refreshed_at)}</Fact>
        <Fact name="Changed">
          {dateTime(credential.updated_at)} {credential.updated_by && `by ${credential.updated_by}`}, revision{' '}
          {revision}
        </Fact>
        <Fact name="Made">
          {dateTime(credential.created_at)} {credential.created_by && `by ${credential.created_by}`}
        </Fact>
      </Facts>
    </section>
  )
}

function UsedBy({ credential }: { credential: Credential }) {
  const users = credential.used_by ?? []
  return (
    <section className="section" aria-label="Used by">
      <h2>Used by</h2>
      {users.length === 0 && <p className="faint">No published workflow names it.</p>}
      <ul className="workspaces">
        {users.map(({ workflow_id, name, number }) => (
          <li key={workflow_id}>
            <Link href={to.workflow(workflow_id)}>{name}</Link>
            <span className="faint">version {number}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
