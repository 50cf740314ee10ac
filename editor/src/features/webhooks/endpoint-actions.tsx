import { useState } from 'react'

import { disableEndpoint, enableEndpoint, removeEndpoint, testEndpoint } from '../../api/webhooks'
import type { Endpoint } from '../../api/webhooks'
import { ApiError } from '../../api/client'
import { navigate, setQuery, to } from '../../app/router'
import { useCan } from '../../app/who'
import { Confirm } from '../../ui/confirm'
import { sentence } from '../../ui/failure'
import { Icon } from '../../ui/icon'
import { IconButton } from '../../ui/icon-button'
import { say } from '../../ui/toast'

/** What can be done with an endpoint as a whole. */
export function EndpointActions({ endpoint, onChanged }: { endpoint: Endpoint; onChanged: () => void }) {
  const [asked, setAsked] = useState<'disable' | 'remove' | null>(null)
  const close = () => setAsked(null)
  if (!useCan('webhooks.write')) return null
  const order = (work: Promise<unknown>, words: string) =>
    work
      .then(() => say(words))
      .catch((refused: unknown) => say(sentence(ApiError.of(refused).detail), 'wrong'))
      .finally(onChanged)
  const test = async () => {
    const { id } = await testEndpoint(endpoint.id)
    setQuery('tab', '')
    setQuery('delivery', id)
  }
  const isOff = endpoint.status === 'disabled'
  return (
    <>
      <button type="button" disabled={isOff} onClick={() => void order(test(), 'A test event is on its way.')}>
        <Icon name="send" /> Send a test
      </button>
      {endpoint.status !== 'enabled' && (
        <button type="button" onClick={() => void order(enableEndpoint(endpoint.id), 'It hears again from now on.')}>
          <Icon name="play" /> Enable
        </button>
      )}
      {!isOff && (
        <button type="button" onClick={() => setAsked('disable')}>
          <Icon name="pause" /> Disable…
        </button>
      )}
      <IconButton icon="trash" label="Delete the endpoint…" onClick={() => setAsked('remove')} />
      {asked === 'disable' && (
        <Confirm
          title="Disable the endpoint?"
          submit="Disable"
          onConfirm={() => disableEndpoint(endpoint.id).then(onChanged)}
          onClose={close}
        >
          <p>What is not delivered yet is cancelled; it can be resent once the endpoint is enabled again.</p>
        </Confirm>
      )}
      {asked === 'remove' && (
        <Confirm
          title="Delete the endpoint?"
          submit="Delete"
          onConfirm={() => removeEndpoint(endpoint.id).then(() => navigate(to.webhooks()))}
          onClose={close}
        >
          <p>Nothing is delivered to {endpoint.url} any more, and its secret is gone.</p>
        </Confirm>
      )}
    </>
  )
}
