import type { ReactNode } from 'react'

import type { ApiError } from '../../api/client'
import { upkeepOf } from '../../api/platform'
import { Link } from '../../app/link'
import { usePaged } from '../../app/paged'
import { to } from '../../app/router'
import { Chip } from '../../ui/chip'
import { List } from '../../ui/listing'
import type { Column } from '../../ui/table'
import { heldBy, inOrder, inSum, lastRun, linesOf, lookOf, nextRun } from './duties'
import type { Line } from './duties'

/** What workers do in turns to keep all cells in shape: who is at it, what came of it last, and what is late. */
export function Duties({ everyMs }: { everyMs: number }) {
  const paged = usePaged(
    async (cursor) => {
      const told = await upkeepOf(cursor)
      return { items: linesOf(told), next_cursor: told.next_cursor }
    },
    'duties',
    everyMs,
  )
  return <DutiesOf lines={paged.items} error={paged.error} onRetry={paged.reload} more={paged.more} />
}

interface Props {
  /** Null while nothing is known. */
  lines: readonly Line[] | null
  error: ApiError | null
  onRetry: () => void
  more: (() => void) | null
}

/** The section itself, whatever is known of it. */
export function DutiesOf({ lines, error, onRetry, more }: Props) {
  return (
    <section className="stack" aria-labelledby="duties">
      <h2 id="duties">Duties</h2>
      <p className="about">
        What one worker at a time does to keep a cell in shape. Of dedicated workspaces those are told that a worker
        serves now: nobody looks into one that is asleep.
      </p>
      <p role="status" data-testid="duties">
        {lines ? inSum(lines) : !error && 'Looking into the cells…'}
        {lines && more && ' There are more cells: load them below.'}
      </p>
      <List<Line>
        label="Duties"
        items={lines && inOrder(lines)}
        error={error}
        onRetry={onRetry}
        more={more}
        keyOf={(line) => line.id}
        empty={<p>Start a worker: it takes them up by itself.</p>}
        columns={COLUMNS}
      />
    </section>
  )
}

const COLUMNS: readonly Column<Line>[] = [
  { head: 'Standing', isFit: true, cell: standing },
  { head: 'Duty', isFit: true, cell: (line) => (line.kind === 'duty' ? line.name : 'all') },
  { head: 'Cell', cell: cellOf },
  { head: 'Last run', cell: (line) => line.kind === 'duty' && lastRun(line) },
  { head: 'Next due', cell: (line) => line.kind === 'duty' && nextRun(line) },
  { head: 'Held by', cell: (line) => line.kind === 'duty' && <Said>{heldBy(line)}</Said> },
  { head: 'What came of it', cell: saidOf },
]

function standing(line: Line) {
  const { tone, word } = lookOf(line)
  return <Chip tone={tone}>{word}</Chip>
}

function cellOf({ cell, workspace, workspace_id }: Line) {
  if (workspace_id === null) return <Said>{cell}</Said>
  return (
    <Said>
      <Link href={to.tenant(workspace_id)}>{workspace ?? cell}</Link>
    </Said>
  )
}

function saidOf(line: Line) {
  return <Said>{line.kind === 'duty' ? line.outcome : line.reason}</Said>
}

/** Text that need not have a place to break. */
function Said({ children }: { children: ReactNode }) {
  return <span className="said">{children}</span>
}
