import { useState } from 'react'

import type { ExecutionSummary } from '../../api/types'
import { Link } from '../../app/link'
import { to } from '../../app/router'
import { sentence } from '../../ui/failure'
import { Icon } from '../../ui/icon'
import { StatusChip } from '../../ui/status'
import { Table } from '../../ui/table'
import type { Column } from '../../ui/table'
import { dateTime } from '../../ui/time'
import { flipped, flippedAll } from './groups'
import type { Group } from './groups'

/** Executions of a group that are shown without a click. */
const SHOWN_MAX = 5

interface Props {
  group: Group
  /** What its workflow is called. */
  name: string
  /** Null where nothing may be done. */
  chosen: ReadonlySet<string> | null
  onChoose: (chosen: ReadonlySet<string>) => void
}

/** What failed for one reason in one workflow. */
export function FailureGroup({ group, name, chosen, onChoose }: Props) {
  const [isWhole, setWhole] = useState(false)
  const { items } = group
  const kind = group.class === 'incident' ? 'waits for a person' : group.class.replaceAll('_', ' ')
  const label = `${name}: ${kind}${group.node_id && ` at ${group.node_id}`}`
  return (
    <section className="section" aria-label={label} data-testid="failures">
      <header>
        {chosen && <All of={label} items={items} chosen={chosen} onChoose={onChoose} />}
        <h2>
          <Link href={to.workflow(group.workflow_id)}>{name}</Link> <span className="bad">{kind}</span>
          {group.node_id && (
            <>
              {' '}
              at <code>{group.node_id}</code>
            </>
          )}
        </h2>
        <span className="faint">{items.length === 1 ? '1 execution' : `${items.length} executions`}</span>
      </header>
      {group.reason && <p>{sentence(group.reason)}</p>}
      <Table<ExecutionSummary>
        label={label}
        items={isWhole ? items : items.slice(0, SHOWN_MAX)}
        keyOf={({ id }) => id}
        columns={[...(chosen ? [choice(chosen, onChoose)] : []), ...COLUMNS]}
      />
      {items.length > SHOWN_MAX && (
        <button type="button" className="more" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          <Icon name="down" /> {isWhole ? 'Fewer' : `All ${items.length}`}
        </button>
      )}
    </section>
  )
}

const COLUMNS: Column<ExecutionSummary>[] = [
  { head: 'Status', isFit: true, cell: ({ status }) => <StatusChip status={status} /> },
  {
    head: 'Execution',
    isFit: true,
    cell: ({ id, failure }) => (
      <Link href={to.execution(id, failure?.node_id ? { step: failure.node_id } : {})}>{id.slice(-12)}</Link>
    ),
  },
  { head: 'Started', isFit: true, cell: ({ created_at }) => dateTime(created_at) },
  { head: 'Why', cell: ({ failure }) => failure?.reason ?? '' },
]

function choice(
  chosen: ReadonlySet<string>,
  onChoose: (chosen: ReadonlySet<string>) => void,
): Column<ExecutionSummary> {
  return {
    head: 'Chosen',
    isFit: true,
    cell: ({ id }) => (
      <label className="check">
        <input type="checkbox" checked={chosen.has(id)} onChange={() => onChoose(flipped(chosen, id))} />
        <span className="visually-hidden">Choose {id.slice(-12)}</span>
      </label>
    ),
  }
}

interface AllProps {
  of: string
  items: readonly ExecutionSummary[]
  chosen: ReadonlySet<string>
  onChoose: (chosen: ReadonlySet<string>) => void
}

function All({ of, items, chosen, onChoose }: AllProps) {
  const count = items.filter(({ id }) => chosen.has(id)).length
  return (
    <label className="check">
      <input
        type="checkbox"
        checked={count === items.length}
        ref={(box) => {
          if (box) box.indeterminate = count > 0 && count < items.length
        }}
        onChange={() => onChoose(flippedAll(chosen, items))}
      />
      <span className="visually-hidden">Choose all of {of}</span>
    </label>
  )
}
