import { useState } from 'react'

import { navigate, setQuery, to, useQuery } from '../../app/router'
import { useCan } from '../../app/who'
import { Icon } from '../../ui/icon'
import { ListingPage } from '../../ui/listing'
import { SavedViews } from '../../ui/saved-views'
import { Tabs } from '../../ui/tabs'
import { Board } from './board'
import { DeletedLeads } from './deleted'
import { LeadDialog } from './lead-dialog'
import { LeadTable } from './lead-table'

type View = 'board' | 'table'
const VIEWS: [View, string][] = [
  ['board', 'Board'],
  ['table', 'Table'],
]

/** Fields of the address. */
const FILTERS = ['q', 'view']

/** Leads, as columns of the pipeline or as rows; which, and what is looked for, is in the address. */
export default function LeadsPage() {
  const [wanted, view] = [useQuery('q'), useQuery('view')]
  const mayChange = useCan('leads.write')
  const [isMaking, setMaking] = useState(false)
  const [isAboutDeleted, setAboutDeleted] = useState(false)
  const shown: View = view === 'table' ? 'table' : 'board'
  const actions = (
    <>
      <SavedViews list="leads" fields={FILTERS} />
      <input
        type="search"
        aria-label="Find a lead"
        placeholder="Find a lead"
        value={wanted}
        onChange={(event) => setQuery('q', event.target.value)}
      />
      {mayChange && (
        <button type="button" onClick={() => setAboutDeleted(true)}>
          <Icon name="trash" /> Deleted leads
        </button>
      )}
      {mayChange && (
        <button type="button" className="primary" onClick={() => setMaking(true)}>
          <Icon name="add" /> New lead
        </button>
      )}
    </>
  )
  return (
    <ListingPage
      title="Leads"
      about="Who asked for something, through a form, a hook or a person, and how far it has come."
      actions={actions}
    >
      <Tabs
        tabs={VIEWS}
        chosen={shown}
        label="Leads as"
        onChoose={(next) => setQuery('view', next === 'board' ? '' : next)}
      />
      <div role="tabpanel">{shown === 'board' ? <Board wanted={wanted} /> : <LeadTable wanted={wanted} />}</div>
      {isAboutDeleted && <DeletedLeads onClose={() => setAboutDeleted(false)} />}
      {isMaking && <LeadDialog onMade={(made) => navigate(to.lead(made.id))} onClose={() => setMaking(false)} />}
    </ListingPage>
  )
}
