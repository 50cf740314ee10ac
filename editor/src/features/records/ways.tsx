import { waysOf } from '../../api/records'
import type { RecordItem, RecordType, RecordWay } from '../../api/records'
import { useLoad } from '../../app/load'
import { useMe } from '../../app/who'
import { Failure, sentence } from '../../ui/failure'
import { Icon } from '../../ui/icon'
import { Diagram } from './diagram'
import { useMoving } from './moving'
import { guardsOf, isFor, stateOf, wayOf } from './words'

const EVERY_MS = 30_000

interface Props {
  record: RecordItem
  type: RecordType
  mayMove: boolean
  onMoved: () => void
}

/** Where a record may go, as a drawing and as buttons; what does not let it pass is said. */
export function Ways({ record, type, mayMove, onMoved }: Props) {
  const loaded = useLoad(() => waysOf(record.id), `ways of ${record.id} ${record.revision}`, EVERY_MS)
  const moving = useMoving(type, onMoved)
  const ways = loaded.value?.items
  return (
    <section className="section" aria-label="Where it may go">
      <h2>Where it may go</h2>
      <Diagram type={type} current={record.state} />
      {loaded.error && <Failure error={loaded.error} onRetry={loaded.reload} />}
      {ways?.length === 0 && <p className="faint">No way leads on from here.</p>}
      {ways && ways.length > 0 && (
        <ul className="ways">
          {ways.map((way) => (
            <Way
              key={way.to}
              way={way}
              label={stateOf(type, way.to).label}
              guards={guardsOf(wayOf(type, record.state, way.to) ?? { by: way.by, needs_reason: way.needs_reason })}
              mayMove={mayMove}
              onMove={() => moving.move(record, way.to)}
            />
          ))}
        </ul>
      )}
      {moving.dialog}
    </section>
  )
}

interface WayProps {
  way: RecordWay
  label: string
  /** What it asks for, in words. */
  guards: string[]
  mayMove: boolean
  onMove: () => void
}

function Way({ way, label, guards, mayMove, onMove }: WayProps) {
  const me = useMe()
  const isMine = mayMove && isFor(way.by, me)
  return (
    <li>
      <button type="button" disabled={!isMine || way.why_not !== null} onClick={onMove}>
        {way.name ? `${way.name}: ` : ''}
        {label}
        {way.needs_reason && '…'}
      </button>
      {way.why_not !== null && (
        <span>
          <Icon name="warn" /> Not now: {sentence(way.why_not)}
        </span>
      )}
      <span className="faint">{guards.join(' ')}</span>
    </li>
  )
}
