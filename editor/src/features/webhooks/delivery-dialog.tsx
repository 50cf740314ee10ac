import { deliveryOf, resend } from '../../api/webhooks'
import type { Attempt, DeliveryWhole } from '../../api/webhooks'
import { useAttempt } from '../../app/attempt'
import { useLoad } from '../../app/load'
import { Link } from '../../app/link'
import { to } from '../../app/router'
import { useCan } from '../../app/who'
import { Chip } from '../../ui/chip'
import { Dialog } from '../../ui/dialog'
import { Failure } from '../../ui/failure'
import { Icon } from '../../ui/icon'
import { JsonView } from '../../ui/json-view'
import { dateTime, span } from '../../ui/time'
import { DELIVERY_TONES, nextOf } from './standing'

/** One delivery: what was sent, each attempt with its answer, and the way to send it again. */
export function DeliveryDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const loaded = useLoad(() => deliveryOf(id), `delivery ${id}`, 2_000)
  const { error, isBusy, attempt } = useAttempt()
  const mayChange = useCan('webhooks.write')
  const again = () =>
    void attempt(async () => {
      await resend(id)
      loaded.reload()
    })
  const failure = error ?? loaded.error
  return (
    <Dialog title={loaded.value?.type ?? 'Delivery'} onClose={onClose} className="wide">
      {failure && <Failure error={failure} />}
      {loaded.value && <Whole delivery={loaded.value} />}
      <footer>
        <button type="button" onClick={onClose}>
          Close
        </button>
        {mayChange && loaded.value && (
          <button
            type="button"
            className="primary"
            disabled={isBusy || loaded.value.status === 'pending'}
            onClick={again}
          >
            <Icon name="retry" /> Resend
          </button>
        )}
      </footer>
    </Dialog>
  )
}

function Whole({ delivery }: { delivery: DeliveryWhole }) {
  const execution = executionOf(delivery.body)
  return (
    <div className="stack scrolling">
      <p>
        <Chip tone={DELIVERY_TONES[delivery.status]}>{delivery.status}</Chip> <code>{delivery.event_id}</code>{' '}
        <span className="faint">{dateTime(delivery.created_at)}</span>
        {delivery.status === 'pending' && ` Next attempt ${nextOf(delivery)}.`}
        {delivery.reason && ` ${delivery.reason}`}
      </p>
      {execution && (
        <p>
          <Link href={to.execution(execution)}>The execution that it tells of</Link>
        </p>
      )}
      <h3>Attempts</h3>
      {delivery.tries.length === 0 && <p className="faint">None yet.</p>}
      <ol className="tries" data-testid="tries">
        {delivery.tries.map((tried) => (
          <li key={tried.number}>
            <Try tried={tried} />
          </li>
        ))}
      </ol>
      <h3>Sent</h3>
      <JsonView value={delivery.body} />
    </div>
  )
}

function Try({ tried }: { tried: Attempt }) {
  const came = tried.status_code === null ? (tried.error ?? 'no answer') : `status ${tried.status_code}`
  return (
    <details>
      <summary>
        <Chip tone={tried.outcome === 'delivered' ? 'good' : 'bad'}>{came}</Chip> {dateTime(tried.started_at)}{' '}
        <span className="faint">
          attempt {tried.number}, {span(tried.duration_ms)}
        </span>
      </summary>
      {tried.detail && <p>{tried.detail}</p>}
      {tried.response === null ? (
        <p className="faint">No answer came.</p>
      ) : (
        <pre className="response">{tried.response}</pre>
      )}
    </details>
  )
}

function executionOf(body: unknown): string | null {
  const data = (body as { data?: { execution_id?: unknown } } | null)?.data
  return typeof data?.execution_id === 'string' ? data.execution_id : null
}
