import { ApiError } from '../../api/client'
import { board, moveLead } from '../../api/leads'
import type { Lead } from '../../api/leads'
import { useLoad } from '../../app/load'
import { to } from '../../app/router'
import { useCan } from '../../app/who'
import { Board as Columns } from '../../ui/board'
import { Failure, sentence } from '../../ui/failure'
import { ago, dateTime } from '../../ui/time'
import { say } from '../../ui/toast'
import { countOf, nameOf, waysFrom } from './words'

const EVERY_MS = 3_000

/** The pipeline in columns: leads are dragged from one to another, or moved by their menu. */
export function Board({ wanted }: { wanted: string }) {
  const loaded = useLoad(() => board(wanted), `board ${wanted}`, EVERY_MS, ['lead'])
  const mayMove = useCan('leads.write')
  const columns = loaded.value?.columns ?? []
  const move = async (lead: Lead, status: string) => {
    await moveLead(lead.id, lead.status, status).catch((refused: unknown) =>
      say(sentence(ApiError.of(refused).detail), 'wrong'),
    )
    loaded.reload()
  }
  return (
    <>
      {loaded.error && <Failure error={loaded.error} onRetry={loaded.reload} />}
      <Columns<Lead>
        label="The pipeline"
        columns={columns.map((column) => ({
          state: column.status,
          label: column.label,
          kind: column.kind,
          count: countOf(column),
          items: column.leads,
          ways: mayMove ? waysFrom(column, columns) : [],
        }))}
        keyOf={(lead) => lead.id}
        nameOf={nameOf}
        hrefOf={(lead) => to.lead(lead.id)}
        about={(lead) => (
          <>
            {lead.company && lead.company !== nameOf(lead) && <span>{lead.company}</span>}
            <span className="faint" title={dateTime(lead.last_activity_at)}>
              {ago(lead.last_activity_at)}
            </span>
          </>
        )}
        onMove={(lead, status) => void move(lead, status)}
      />
    </>
  )
}
