import { useState } from 'react'

import { recordTypeOf, recordTypes, records } from '../../api/records'
import type { RecordType } from '../../api/records'
import { useLoad } from '../../app/load'
import { navigate, setQuery, to, useQuery } from '../../app/router'
import { useCan } from '../../app/who'
import { Failure } from '../../ui/failure'
import { Icon } from '../../ui/icon'
import { ListingPage } from '../../ui/listing'
import { SavedViews } from '../../ui/saved-views'
import { Tabs } from '../../ui/tabs'
import { say } from '../../ui/toast'
import { Board } from './board'
import { DeletedRecords } from './deleted'
import { RecordDialog } from './record-dialog'
import { RecordTable } from './record-table'
import { States } from './states'

type View = 'board' | 'table' | 'states'
const VIEWS: [View, string][] = [
  ['board', 'Board'],
  ['table', 'Table'],
  ['states', 'States'],
]

/** Fields of the address. */
const FILTERS = ['type', 'state', 'q', 'view']

/** Records of one type, as columns of its states or as rows; which, and what is looked for, is in the address. */
export default function RecordsPage() {
  const [wanted, view, state, asked] = [useQuery('q'), useQuery('view'), useQuery('state'), useQuery('type')]
  const types = useLoad(recordTypes, 'record types', 30_000)
  const chosen = asked || (types.value?.items[0]?.name ?? '')
  const loaded = useLoad(() => (chosen ? recordTypeOf(chosen) : Promise.resolve(null)), `type ${chosen}`, 30_000)
  const type = loaded.value
  const shown = VIEWS.find(([name]) => name === view)?.[0] ?? 'board'
  const error = types.error ?? loaded.error
  const changed = (name: string) => {
    types.reload()
    loaded.reload()
    choose(name)
  }
  return (
    <ListingPage
      title="Records"
      about="Things of yours that have a state. Their type says which ways lead from one state to the next."
      actions={<Actions type={type} shown={shown} wanted={wanted} state={state} />}
    >
      {error && <Failure error={error} onRetry={error === types.error ? types.reload : loaded.reload} />}
      <label className="field type-choice">
        <span>Type</span>
        <select value={chosen} onChange={(event) => choose(event.target.value)}>
          {(types.value?.items ?? []).map(({ name, label }) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <Tabs
        tabs={VIEWS}
        chosen={shown}
        label="Records as"
        onChoose={(next) => setQuery('view', next === 'board' ? '' : next)}
      />
      <div role="tabpanel" className="stack" aria-label={shown}>
        {type && shown === 'board' && <Board key={type.name} type={type} wanted={wanted} />}
        {type && shown === 'table' && <RecordTable type={type} state={state} wanted={wanted} />}
        {type && shown === 'states' && <States type={type} onChanged={changed} />}
      </div>
    </ListingPage>
  )
}

/** Another type has other states. */
function choose(type: string): void {
  setQuery('state', '')
  setQuery('type', type)
}

interface ActionsProps {
  type: RecordType | null
  shown: View
  wanted: string
  state: string
}

function Actions({ type, shown, wanted, state }: ActionsProps) {
  const mayChange = useCan('records.write')
  const [isAboutDeleted, setAboutDeleted] = useState(false)
  const [isMaking, setMaking] = useState(false)
  const newest = useLoad(
    async () => (type && isMaking ? (await records(type.name, '', null)).items[0] : undefined),
    `newest ${type?.name ?? ''} ${isMaking}`,
  )
  return (
    <>
      <SavedViews list="records" fields={FILTERS} />
      {shown === 'table' && type && (
        <select aria-label="State" value={state} onChange={(event) => setQuery('state', event.target.value)}>
          <option value="">In any state</option>
          {type.states.map(({ name, label }) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </select>
      )}
      {shown !== 'states' && (
        <input
          type="search"
          aria-label="Find a record"
          placeholder="Find a record"
          value={wanted}
          onChange={(event) => setQuery('q', event.target.value)}
        />
      )}
      {mayChange && (
        <button type="button" onClick={() => setAboutDeleted(true)}>
          <Icon name="trash" /> Deleted records
        </button>
      )}
      {mayChange && type && (
        <button type="button" className="primary" onClick={() => setMaking(true)}>
          <Icon name="add" /> New record
        </button>
      )}
      {isAboutDeleted && <DeletedRecords onClose={() => setAboutDeleted(false)} />}
      {isMaking && type && (newest.value !== null || newest.error !== null) && (
        <RecordDialog
          type={type}
          last={newest.value?.data}
          onMade={(made) => {
            say('The record is written down.')
            navigate(to.record(made.id))
          }}
          onClose={() => setMaking(false)}
        />
      )}
    </>
  )
}
