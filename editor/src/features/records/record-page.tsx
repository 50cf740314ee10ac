import { useState } from 'react'

import { recordHistory, recordOf, recordTypeOf, removeRecord } from '../../api/records'
import type { RecordEntry, RecordItem, RecordType } from '../../api/records'
import { Link } from '../../app/link'
import { useLoad } from '../../app/load'
import { usePaged } from '../../app/paged'
import { navigate, to } from '../../app/router'
import { useTitle } from '../../app/title'
import { useCan } from '../../app/who'
import { Confirm } from '../../ui/confirm'
import { Failure } from '../../ui/failure'
import { Icon } from '../../ui/icon'
import { IconButton } from '../../ui/icon-button'
import { List } from '../../ui/listing'
import { dateTime } from '../../ui/time'
import { DataSection } from './data-section'
import { StateChip } from './record-table'
import { Ways } from './ways'
import { nameOf, told } from './words'

const EVERY_MS = 5_000

/** One record: where it may go, what is known of it, and where it has been. */
export default function RecordPage({ id }: { id: string }) {
  const loaded = useLoad(() => recordOf(id), `record ${id}`, EVERY_MS, ['record'])
  const history = usePaged((cursor) => recordHistory(id, cursor), `history of ${id}`, EVERY_MS, ['record'])
  const record = loaded.value
  const typed = useLoad(
    () => (record ? recordTypeOf(record.type) : Promise.resolve(null)),
    `type ${record?.type ?? ''}`,
  )
  const mayChange = useCan('records.write')
  useTitle(record ? nameOf(record) : 'Record')
  if (!record) return loaded.error && <Failure error={loaded.error} onRetry={loaded.reload} />
  const changed = () => {
    loaded.reload()
    history.reload()
  }
  return (
    <main className="listing">
      <header className="page-head">
        <Link className="back" href={to.records({ type: record.type })} aria-label="All records of this type">
          <Icon name="back" />
        </Link>
        <h1>{nameOf(record)}</h1>
        <span className="faint">{typed.value?.label ?? record.type}</span>
        <span data-testid="record-state">
          <StateChip type={typed.value} state={record.state} />
        </span>
        {mayChange && <Removing record={record} />}
      </header>
      {/* It may have been deleted meanwhile. */}
      {loaded.error && <Failure error={loaded.error} onRetry={loaded.reload} />}
      {typed.value && <Ways record={record} type={typed.value} mayMove={mayChange} onMoved={changed} />}
      <DataSection record={record} mayChange={mayChange} onChanged={changed} />
      <h2>What happened</h2>
      <List<RecordEntry>
        label="What happened"
        items={history.items}
        error={history.error}
        onRetry={history.reload}
        more={history.more}
        keyOf={(entry) => entry.id}
        empty={<p>Nothing yet.</p>}
        columns={columns(typed.value)}
      />
    </main>
  )
}

function columns(type: RecordType | null) {
  return [
    { head: 'When', isFit: true, cell: (entry: RecordEntry) => dateTime(entry.at) },
    {
      head: 'What',
      cell: (entry: RecordEntry) => (
        <>
          {entry.kind} {entry.transition && <code className="faint">{entry.transition}</code>}
        </>
      ),
    },
    { head: '', cell: (entry: RecordEntry) => told(entry, type) },
    { head: 'Why', cell: (entry: RecordEntry) => entry.reason ?? '' },
    { head: 'By', cell: (entry: RecordEntry) => <By entry={entry} /> },
  ]
}

function By({ entry: { by, execution_id } }: { entry: RecordEntry }) {
  if (execution_id === null) return by.name
  return <Link href={to.execution(execution_id)}>{by.name || 'an execution'}</Link>
}

function Removing({ record }: { record: RecordItem }) {
  const [isAsked, setAsked] = useState(false)
  return (
    <>
      <IconButton icon="trash" label="Delete the record…" onClick={() => setAsked(true)} />
      {isAsked && (
        <Confirm
          title="Delete the record?"
          submit="Delete"
          onConfirm={() => removeRecord(record.id).then(() => navigate(to.records({ type: record.type })))}
          onClose={() => setAsked(false)}
        >
          <p>It is shown nowhere any more. For 90 days it can be restored from the page of records.</p>
        </Confirm>
      )}
    </>
  )
}
