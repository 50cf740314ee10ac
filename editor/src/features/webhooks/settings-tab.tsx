import { useState } from 'react'

import type { Endpoint } from '../../api/webhooks'
import { useCan } from '../../app/who'
import { Fact, Facts } from '../../ui/facts'
import { Once } from '../../ui/once'
import { dateTime } from '../../ui/time'
import { EndpointDialog } from './endpoint-dialog'
import { RotateDialog } from './rotate-dialog'

/** How an endpoint is set, and its signing secrets. */
export function SettingsTab({ endpoint, onChanged }: { endpoint: Endpoint; onChanged: () => void }) {
  const [asked, setAsked] = useState<'change' | 'rotate' | null>(null)
  const [secret, setSecret] = useState<string | null>(null)
  const mayChange = useCan('webhooks.write')
  const close = () => setAsked(null)
  return (
    <>
      <section className="section" aria-label="Settings">
        <header>
          <h2>Settings</h2>
          {mayChange && (
            <button type="button" onClick={() => setAsked('change')}>
              Change…
            </button>
          )}
        </header>
        <Facts>
          <Fact name="Events">{endpoint.types.join(', ')}</Fact>
          <Fact name="Only if">{endpoint.filter && <code>{endpoint.filter}</code>}</Fact>
          <Fact name="Description">{endpoint.description}</Fact>
          <Fact name="At most">
            {endpoint.rate_per_s === null ? 'no limit' : `${endpoint.rate_per_s} per second`}, {endpoint.concurrency} at
            a time{endpoint.ordered && ', of each thing one after the other'}
          </Fact>
          <Fact name="Client certificate">
            {endpoint.client_certificate && <code>{endpoint.client_certificate.fingerprint}</code>}
          </Fact>
          <Fact name="Failing since">{endpoint.failing_since && dateTime(endpoint.failing_since)}</Fact>
        </Facts>
      </section>
      <section className="section" aria-label="Signing secrets">
        <header>
          <h2>Signing secrets</h2>
          {mayChange && (
            <button type="button" onClick={() => setAsked('rotate')}>
              New secret…
            </button>
          )}
        </header>
        <ul className="workspaces">
          {endpoint.secrets.map(({ id, created_at, until, public_key }, at) => (
            <li key={id}>
              <span>
                <code>whsec_•••••</code> {at === 0 && <span className="faint">newest</span>}
                {public_key !== null && <code> {public_key}</code>}
              </span>
              <span className="faint">
                made {dateTime(created_at)}
                {until !== null && `, signs along until ${dateTime(until)}`}
              </span>
            </li>
          ))}
        </ul>
      </section>
      {asked === 'change' && <EndpointDialog endpoint={endpoint} onDone={onChanged} onClose={close} />}
      {asked === 'rotate' && (
        <RotateDialog endpoint={endpoint} onDone={(next) => (setSecret(next), onChanged())} onClose={close} />
      )}
      {secret !== null && (
        <Once
          title="The new signing secret"
          secret={secret}
          about="Give it to the receiver before the old one ends."
          onClose={() => setSecret(null)}
        />
      )}
    </>
  )
}
