import { lazy, Suspense, useState } from 'react'

import { workflows } from '../api/calls'
import type { WorkflowSummary } from '../api/types'
import { Link } from '../app/link'
import { useLoad } from '../app/load'
import { setQuery, to, useQuery } from '../app/router'
import { useTitle } from '../app/title'
import { useCan, useMe } from '../app/who'
import { TEMPLATES } from '../features/templates/templates'
import { Failure } from '../ui/failure'
import { Icon } from '../ui/icon'
import { ago, dateTime } from '../ui/time'
import { DeleteButton, DeletedDialog } from './deleted'
import { NewWorkflow } from './new-workflow'
import { RenameButton } from './renaming'

// Only people take first steps, and only in the beginning.
const Checklist = lazy(() => import('../features/begin/checklist'))

export function WorkflowsPage() {
  useTitle('Workflows')
  const loaded = useLoad(() => workflows(), 'workflows', 10_000, ['workflow'])
  const [chosen, setMaking] = useState<string | null>(null)
  const [isAboutDeleted, setAboutDeleted] = useState(false)
  const making = useQuery('new') || chosen
  const close = () => {
    setMaking(null)
    setQuery('new', '')
  }
  const [mayMake, mayDelete] = [useCan('workflows.write'), useCan('workflows.publish')]
  const isPerson = useMe()?.kind === 'user'
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
        {mayDelete && (
          <button type="button" onClick={() => setAboutDeleted(true)}>
            <Icon name="trash" /> Deleted workflows
          </button>
        )}
        <button type="button" className="primary" disabled={!mayMake} onClick={() => setMaking('empty')}>
          <Icon name="add" /> New workflow
        </button>
      </header>
      {isPerson && loaded.value && (
        <Suspense>
          <Checklist workflows={loaded.value.items} />
        </Suspense>
      )}
      {loaded.error && <Failure error={loaded.error} onRetry={loaded.reload} />}
      {shown?.length === 0 && <Nothing isFiltered={wanted !== ''} onMake={setMaking} />}
      {shown && shown.length > 0 && (
        <Table items={shown} onDeleted={mayDelete ? loaded.reload : null} onRenamed={mayMake ? loaded.reload : null} />
      )}
      {isAboutDeleted && <DeletedDialog onRestored={loaded.reload} onClose={() => setAboutDeleted(false)} />}
      {making !== null && mayMake && <NewWorkflow begin={making} onClose={close} />}
    </main>
  )
}

interface TableProps {
  items: WorkflowSummary[]
  /** Without it nothing can be deleted. */
  onDeleted: (() => void) | null
  /** Without it nothing can be renamed. */
  onRenamed: (() => void) | null
}

function Table({ items, onDeleted, onRenamed }: TableProps) {
  return (
    <div className="table-around">
      <table className="rows">
        <thead>
          <tr>
            <th>Name</th>
            <th className="fit">Published</th>
            <th className="fit">Changed</th>
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
              <td>
                {item.published === null ? <span className="faint">draft only</span> : `version ${item.published}`}
              </td>
              <td className="fit" title={dateTime(item.updated_at)}>
                {ago(item.updated_at)}
              </td>
              <td className="end">
                <Link href={to.executions({ workflow: item.id })}>Executions</Link>
                {onRenamed && <RenameButton workflow={item} onRenamed={onRenamed} />}
                {onDeleted && <DeleteButton workflow={item} onDeleted={onDeleted} />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Nothing({ isFiltered, onMake }: { isFiltered: boolean; onMake: (begin: string) => void }) {
  if (isFiltered) return <p className="empty">No workflow has that in its name.</p>
  return (
    <div className="empty">
      <p>Nothing is automated here yet. Begin with one of these, or with nothing.</p>
      <div className="starters">
        {TEMPLATES.slice(0, 3).map(({ id, name, about }) => (
          <button key={id} type="button" className="starter" onClick={() => onMake(id)}>
            <strong>{name}</strong> <span className="faint">{about}</span>
          </button>
        ))}
      </div>
      <button type="button" className="primary" onClick={() => onMake('empty')}>
        Draw the first workflow
      </button>
    </div>
  )
}
