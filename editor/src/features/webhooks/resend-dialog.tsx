import { useState } from 'react'

import { resendSince } from '../../api/webhooks'
import type { DeliveryStatus, Endpoint } from '../../api/webhooks'
import { useAttempt } from '../../app/attempt'
import { ChoiceField } from '../../ui/field'
import { FormDialog } from '../../ui/form-dialog'
import { say } from '../../ui/toast'

const SPANS = [
  ['3600', 'The last hour'],
  ['86400', 'The last day'],
  ['604800', 'The last week'],
  ['2591000', 'The last 30 days'],
] as const
const WHICH: Record<string, DeliveryStatus[]> = {
  lost: ['failed', 'cancelled'],
  all: ['failed', 'cancelled', 'delivered'],
}
const WHICH_NAMES = [
  ['lost', 'What did not arrive'],
  ['all', 'Everything'],
] as const
/** Calls that one click makes: the server does at most 1,000 deliveries in each. */
const CALLS_MAX = 20

/** Sends again what an endpoint missed. */
export function ResendDialog({
  endpoint,
  onResent,
  onClose,
}: {
  endpoint: Endpoint
  onResent: () => void
  onClose: () => void
}) {
  const [seconds, setSeconds] = useState('86400')
  const [which, setWhich] = useState('lost')
  const { error, isBusy, attempt } = useAttempt()
  const submit = () =>
    void attempt(async () => {
      const since = new Date(Date.now() - Number(seconds) * 1_000).toISOString()
      const { count, isWhole } = await all(endpoint.id, since, WHICH[which] ?? [])
      const more = isWhole ? '' : ' There are more: resend once again.'
      say(count === 0 ? 'There is nothing to be sent again.' : `${count} on their way again.${more}`)
      onResent()
      onClose()
    })
  return (
    <FormDialog
      title="Resend"
      submit="Resend"
      icon="retry"
      isOff={isBusy}
      error={error}
      onSubmit={submit}
      onClose={onClose}
    >
      <ChoiceField label="From" value={seconds} choices={SPANS} onText={setSeconds} />
      <ChoiceField
        label="Which"
        value={which}
        choices={WHICH_NAMES}
        onText={setWhich}
        help="Each keeps its id, so that a receiver who looks at it takes none in twice."
      />
    </FormDialog>
  )
}

async function all(id: string, since: string, statuses: DeliveryStatus[]) {
  let count = 0
  for (let call = 0; call < CALLS_MAX; call += 1) {
    const { resent, has_more } = await resendSince(id, since, statuses)
    count += resent
    // What was delivered stays so until it is sent: the next call would find the same again.
    if (!has_more || resent === 0 || statuses.includes('delivered')) return { count, isWhole: !has_more }
  }
  return { count, isWhole: false }
}
