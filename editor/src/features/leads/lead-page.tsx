import { useState } from 'react'

import { board, leadEvents, leadOf, moveLead, removeLead } from '../../api/leads'
import type { Lead, LeadEvent } from '../../api/leads'
import { useAttempt } from '../../app/attempt'
import { Link } from '../../app/link'
import { useLoad } from '../../app/load'
import { usePaged } from '../../app/paged'
import { navigate, to } from '../../app/router'
import { useTitle } from '../../app/title'
import { useCan } from '../../app/who'
import { Confirm } from '../../ui/confirm'
import { Fact, Facts } from '../../ui/facts'
import { Failure } from '../../ui/failure'
import { Icon } from '../../ui/icon'
import { IconButton } from '../../ui/icon-button'
import { List } from '../../ui/listing'
import { MoveTo } from '../../ui/move-to'
import { dateTime } from '../../ui/time'
import { NoteForm } from './note-form'
import { nameOf, told, waysFrom } from './words'

/** One lead: what is known of it, what happened, and the executions that had to do with it. */
export default function LeadPage({ id }: { id: string }) {
  const loaded = useLoad(() => leadOf(id), `lead ${id}`, 5_000, ['lead'])
  const events = usePaged((cursor) => leadEvents(id, cursor), `events of ${id}`, 5_000, ['lead'])
  const mayChange = useCan('leads.write')
  const lead = loaded.value
  useTitle(lead ? nameOf(lead) : 'Lead')
  if (!lead) return loaded.error && <Failure error={loaded.error} onRetry={loaded.reload} />
  const changed = () => {
    loaded.reload()
    events.reload()
  }
  return (
    <main className="listing">
      <header className="page-head">
        <Link className="back" href={to.leads()} aria-label="All leads">
          <Icon name="back" />
        </Link>
        <h1>{nameOf(lead)}</h1>
        <span className="chip">{lead.status}</span>
        {mayChange && <Actions lead={lead} onChanged={changed} />}
      </header>
      <About lead={lead} />
      {mayChange && <NoteForm id={id} onDone={changed} />}
      <h2>What happened</h2>
      <List<LeadEvent>
        label="What happened"
        items={events.items}
        error={events.error}
        onRetry={events.reload}
        more={events.more}
        keyOf={(event) => event.id}
        empty={<p>Nothing yet.</p>}
        columns={[
          { head: 'When', isFit: true, cell: (event) => dateTime(event.at) },
          { head: 'What', cell: (event) => event.type.replace(/_/g, ' ') },
          { head: '', cell: (event) => told(event) },
          {
            head: 'By',
            cell: (event) =>
              event.execution_id ? (
                <Link href={to.execution(event.execution_id)}>{event.by.name || 'an execution'}</Link>
              ) : (
                event.by.name
              ),
          },
        ]}
      />
    </main>
  )
}

function Actions({ lead, onChanged }: { lead: Lead; onChanged: () => void }) {
  const columns = useLoad(() => board(''), 'pipeline').value?.columns ?? []
  const { error, attempt } = useAttempt()
  const [isRemoving, setRemoving] = useState(false)
  const column = columns.find(({ status }) => status === lead.status)
  const move = async (status: string) => {
    await attempt(() => moveLead(lead.id, lead.status, status))
    onChanged()
  }
  return (
    <>
      <MoveTo
        name={nameOf(lead)}
        ways={column ? waysFrom(column, columns) : []}
        onMove={(status) => void move(status)}
      />
      <IconButton icon="trash" label="Delete the lead…" onClick={() => setRemoving(true)} />
      {error && <Failure error={error} />}
      {isRemoving && (
        <Confirm
          title="Delete the lead?"
          submit="Delete"
          onConfirm={() => removeLead(lead.id).then(() => navigate(to.leads()))}
          onClose={() => setRemoving(false)}
        >
          <p>
            It is shown nowhere any more, and its e-mail address is free again. For 90 days it can be restored from the
            page of leads.
          </p>
        </Confirm>
      )}
    </>
  )
}

function About({ lead }: { lead: Lead }) {
  return (
    <section className="section" aria-label="Known of it">
      <h2>Known of it</h2>
      <Facts>
        <Fact name="E-mail">{lead.email}</Fact>
        <Fact name="Telephone">{lead.phone}</Fact>
        <Fact name="Company">{lead.company}</Fact>
        <Fact name="Came by">{lead.source}</Fact>
        {Object.entries(lead.fields).map(([name, value]) => (
          <Fact key={name} name={name}>
            {String(value)}
          </Fact>
        ))}
        <Fact name="Agreed">{lead.consented_at && dateTime(lead.consented_at)}</Fact>
        <Fact name="Last mail">{lead.last_email_at && dateTime(lead.last_email_at)}</Fact>
        <Fact name="Came">{dateTime(lead.created_at)}</Fact>
      </Facts>
    </section>
  )
}
