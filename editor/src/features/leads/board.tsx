import { useState } from 'react'
import type { DragEvent, ReactNode } from 'react'

import { ApiError } from '../../api/client'
import { board, moveLead } from '../../api/leads'
import type { Column, Lead } from '../../api/leads'
import { Link } from '../../app/link'
import { useLoad } from '../../app/load'
import { to } from '../../app/router'
import { useCan } from '../../app/who'
import { Failure, sentence } from '../../ui/failure'
import { ago, dateTime } from '../../ui/time'
import { say } from '../../ui/toast'
import { MoveTo } from './move-to'
import { countOf, nameOf, waysFrom } from './words'

const EVERY_MS = 3_000

interface Dragged {
  lead: Lead
  from: Column
}

/** The pipeline in columns: leads are dragged from one to another, or moved by their menu. */
export function Board({ wanted }: { wanted: string }) {
  const loaded = useLoad(() => board(wanted), `board ${wanted}`, EVERY_MS, ['lead'])
  const mayMove = useCan('leads.write')
  const [dragged, setDragged] = useState<Dragged | null>(null)
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
      <div className="board">
        {columns.map((column) => (
          <BoardColumn
            key={column.status}
            column={column}
            takes={dragged !== null && dragged.from.allowed.includes(column.status)}
            onDrop={() => dragged && void move(dragged.lead, column.status)}
          >
            {column.leads.map((lead) => (
              <Card
                key={lead.id}
                lead={lead}
                ways={mayMove ? waysFrom(column, columns) : []}
                onMove={(status) => void move(lead, status)}
                onDrag={(isDragged) => setDragged(isDragged ? { lead, from: column } : null)}
              />
            ))}
          </BoardColumn>
        ))}
      </div>
    </>
  )
}

interface ColumnProps {
  column: Column
  /** Whether what is dragged may be let go here. */
  takes: boolean
  onDrop: () => void
  children: ReactNode
}

function BoardColumn({ column, takes, onDrop, children }: ColumnProps) {
  const over = (event: DragEvent) => takes && event.preventDefault()
  return (
    <section className="board-column" data-kind={column.kind} data-takes={takes} aria-label={column.label}>
      <h2>
        {column.label} <span className="faint">{countOf(column)}</span>
      </h2>
      <ul onDragOver={over} onDrop={() => takes && onDrop()}>
        {children}
      </ul>
    </section>
  )
}

interface CardProps {
  lead: Lead
  ways: readonly Column[]
  onMove: (status: string) => void
  onDrag: (isDragged: boolean) => void
}

function Card({ lead, ways, onMove, onDrag }: CardProps) {
  return (
    <li
      className="board-card"
      data-lead={lead.id}
      draggable={ways.length > 0}
      onDragStart={() => onDrag(true)}
      onDragEnd={() => onDrag(false)}
    >
      <Link className="name" href={to.lead(lead.id)}>
        {nameOf(lead)}
      </Link>
      {lead.company && lead.company !== nameOf(lead) && <span>{lead.company}</span>}
      <span className="faint" title={dateTime(lead.last_activity_at)}>
        {ago(lead.last_activity_at)}
      </span>
      <MoveTo name={nameOf(lead)} ways={ways} onMove={onMove} />
    </li>
  )
}
