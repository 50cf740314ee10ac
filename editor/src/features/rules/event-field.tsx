import { eventTypes } from '../../api/webhooks'
import { useLoad } from '../../app/load'
import { useCan } from '../../app/who'
import { TextField } from '../../ui/field'

const KNOWN = 'rule-events'
/** Of our own events, workflows hear of these. */
const HEARD = /^(lead|alert)\./

interface Props {
  value: string
  onText: (text: string) => void
}

/** The type of an event: one of those that there are, or one that will come. */
export function EventField({ value, onText }: Props) {
  const mayRead = useCan('webhooks.read')
  const known = useLoad(async () => (mayRead ? (await eventTypes()).items : []), `event types ${mayRead}`)
  return (
    <>
      <TextField
        label="When this event comes"
        name="event"
        required
        list={KNOWN}
        placeholder="lead.created"
        value={value}
        onText={onText}
        help="One of leads or alerts, or one of your own, such as order.paid."
      />
      <datalist id={KNOWN}>
        {(known.value ?? [])
          .filter(({ type, custom }) => custom || HEARD.test(type))
          .map(({ type, title }) => (
            <option key={type} value={type}>
              {title}
            </option>
          ))}
      </datalist>
    </>
  )
}
