import { records } from '../../api/records'
import type { RecordItem, RecordType } from '../../api/records'
import { useLoad } from '../../app/load'
import { to } from '../../app/router'
import { useCan, useMe } from '../../app/who'
import { Board as Columns } from '../../ui/board'
import { Failure } from '../../ui/failure'
import { ago, dateTime } from '../../ui/time'
import { Explained } from './explained'
import { useMoving } from './moving'
import { has, nameOf, summaryOf, waysFrom } from './words'

const EVERY_MS = 5_000
/** Each column is asked for by itself. */
export const BOARD_STATES_MAX = 12
const FIELDS_SHOWN = 2

interface Column {
  state: string
  items: RecordItem[]
  isMore: boolean
}

/** Records of a type by their states: dragged from one to another, or moved by their menu. */
export function Board({ type, wanted }: { type: RecordType; wanted: string }) {
  const states = type.states.map(({ name }) => name)
  const isTooWide = states.length > BOARD_STATES_MAX
  const load = () => Promise.all(isTooWide ? [] : states.map((state) => column(type.name, state)))
  const loaded = useLoad(load, `board of ${type.name}: ${states.join()}`, EVERY_MS, ['record'])
  const [mayMove, me] = [useCan('records.write'), useMe()]
  const moving = useMoving(type, loaded.reload)
  if (isTooWide) {
    return (
      <p className="empty">
        This type has {states.length} states, and a board has room for {BOARD_STATES_MAX}. Look at the table.
      </p>
    )
  }
  const found = loaded.value ?? []
  const columns = type.states.map(({ name, label, kind }) => {
    const { items, isMore } = found.find(({ state }) => state === name) ?? { items: [], isMore: false }
    const shown = items.filter((record) => has(record, wanted))
    const ways = mayMove ? waysFrom(type, name, me) : []
    return { state: name, label, kind, count: `${shown.length}${isMore ? '+' : ''}`, items: shown, ways }
  })
  const isEmpty = loaded.value !== null && found.every(({ items }) => items.length === 0)
  const isCut = found.some(({ isMore }) => isMore)
  return (
    <>
      {loaded.error && <Failure error={loaded.error} onRetry={loaded.reload} />}
      {isEmpty && (
        <div className="empty">
          <Explained type={type} />
        </div>
      )}
      {isCut && <p className="about">Of each state the newest 50 are here. The table leads to all of them.</p>}
      <Columns<RecordItem>
        label={`${type.label}, by states`}
        columns={columns}
        keyOf={(record) => record.id}
        nameOf={nameOf}
        hrefOf={(record) => to.record(record.id)}
        about={(record) => (
          <>
            {summaryOf(record, FIELDS_SHOWN) && <span>{summaryOf(record, FIELDS_SHOWN)}</span>}
            <span className="faint" title={dateTime(record.updated_at)}>
              {ago(record.updated_at)}
            </span>
          </>
        )}
        onMove={moving.move}
      />
      {moving.dialog}
    </>
  )
}

async function column(type: string, state: string): Promise<Column> {
  const { items, next_cursor } = await records(type, state, null)
  return { state, items, isMore: next_cursor !== null }
}
