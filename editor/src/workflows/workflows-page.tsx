import { useState } from 'react'

import { createWorkflow, workflows } from '../api/calls'
import type { WorkflowSummary } from '../api/types'
import { useAttempt } from '../app/attempt'
import { Link } from '../app/link'
import { useLoad } from '../app/load'
import { navigate, setQuery, to, useQuery } from '../app/router'
import { useTitle } from '../app/title'
import { Failure } from '../ui/failure'
import { FormDialog } from '../ui/form-dialog'
import { Icon } from '../ui/icon'
import { ago, dateTime } from '../ui/time'

/** What a new workflow begins with. */
const FIRST_GRAPH = {
  nodes: [{ id: 'start', type: 'trigger.manual', position: { x: 80, y: 120 }, data: { label: 'Start' } }],
  edges: [],
}

export function WorkflowsPage() {
  useTitle('Workflows')
  const loaded = useLoad(() => workflows(), 'workflows', 10_000)
  const [isMaking, setMaking] = useState(false)
  const wanted = useQuery('q').toLowerCase()
  const shown = loaded.value?.items.filter((item) => item.name.toLowerCase().includes(wanted))
  return (
    <main className="listing">
      <header className="page-head">
        <h1>Workflows</h1>
        <label className="search">
          <Icon name="find" />
          <input
            type="search"
            placeholder="Find by name"
            aria-label="Find by name"
            defaultValue={wanted}
            onChange={(event) => setQuery('q', event.target.value)}
          />
        </label>
        <button type="button" className="primary" onClick={() => setMaking(true)}>
          <Icon name="add" /> New workflow
        </button>
      </header>
      {loaded.error && <Failure error={loaded.error} onRetry={loaded.reload} />}
      {shown?.length === 0 && <Nothing isFiltered={wanted !== ''} onMake={() => setMaking(true)} />}
      {shown && shown.length > 0 && <Table items={shown} />}
      {isMaking && <NewWorkflow onClose={() => setMaking(false)} />}
    </main>
  )
}

function Table({ items }: { items: WorkflowSummary[] }) {
  return (
    <table className="rows">
      <thead>
        <tr>
          <th>Name</th>
          <th>Published</th>
          <th>Changed</th>
          <th aria-label="More" />
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <tr key={item.id}>
            <td>
              <Link className="name" href={to.workflow(item.id)}>
                {item.name}
              </Link>
            </td>
            <td>{item.published === null ? <span className="faint">draft only</span> : `version ${item.published}`}</td>
            <td title={dateTime(item.updated_at)}>{ago(item.updated_at)}</td>
            <td className="end">
              <Link href={to.executions({ workflow: item.id })}>Executions</Link>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Nothing({ isFiltered, onMake }: { isFiltered: boolean; onMake: () => void }) {
  if (isFiltered) return <p className="empty">No workflow has that in its name.</p>
  return (
    <div className="empty">
      <p>Nothing is automated here yet.</p>
      <button type="button" className="primary" onClick={onMake}>
        Draw the first workflow
      </button>
    </div>
  )
}

function NewWorkflow({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('')
  const { error, attempt } = useAttempt()
  const submit = () =>
    attempt(async () => {
      const made = await createWorkflow(name, FIRST_GRAPH)
      navigate(to.workflow(made.id))
    })
  return (
    <FormDialog title="New workflow" submit="Create" error={error} onSubmit={submit} onClose={onClose}>
      <label className="field">
        <span>Name</span>
        <input value={name} required maxLength={200} autoFocus onChange={(event) => setName(event.target.value)} />
      </label>
    </FormDialog>
  )
}
