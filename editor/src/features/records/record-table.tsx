import { records } from '../../api/records'
import type { RecordItem, RecordType } from '../../api/records'
import { Link } from '../../app/link'
import { usePaged } from '../../app/paged'
import { to } from '../../app/router'
import { Chip } from '../../ui/chip'
import { List } from '../../ui/listing'
import { ago, dateTime } from '../../ui/time'
import { Explained } from './explained'
import { KIND_TONES, has, nameOf, stateOf, summaryOf } from './words'

const FIELDS_SHOWN = 4

interface Props {
  type: RecordType
  /** Empty for all states. */
  state: string
  wanted: string
}

export function RecordTable({ type, state, wanted }: Props) {
  const load = (cursor: string | null) => records(type.name, state, cursor)
  const paged = usePaged(load, `records ${type.name} ${state}`, 5_000, ['record'])
  const isSought = wanted.trim() !== ''
  return (
    <>
      {isSought && paged.more && (
        <p className="about">Sought among the newest {paged.items?.length}. Load older ones to look further back.</p>
      )}
      <List<RecordItem>
        label="Records"
        items={paged.items?.filter((record) => has(record, wanted)) ?? null}
        error={paged.error}
        onRetry={paged.reload}
        more={paged.more}
        keyOf={(record) => record.id}
        empty={
          isSought ? (
            <p>No record here has that in it.</p>
          ) : state ? (
            <p>No record is in it.</p>
          ) : (
            <Explained type={type} />
          )
        }
        columns={[
          {
            head: 'Record',
            cell: (record) => (
              <Link className="name" href={to.record(record.id)}>
                {nameOf(record)}
              </Link>
            ),
          },
          { head: 'State', isFit: true, cell: (record) => <StateChip type={type} state={record.state} /> },
          { head: 'Fields', cell: (record) => summaryOf(record, FIELDS_SHOWN) },
          {
            head: 'Changed',
            cell: (record) => <span title={dateTime(record.updated_at)}>{ago(record.updated_at)}</span>,
          },
        ]}
      />
    </>
  )
}

export function StateChip({ type, state }: { type: RecordType | null; state: string }) {
  const { label, kind } = stateOf(type, state)
  return <Chip tone={KIND_TONES[kind]}>{label}</Chip>
}
