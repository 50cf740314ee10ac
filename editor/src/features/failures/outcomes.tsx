import { Link } from '../../app/link'
import { to } from '../../app/router'
import { Chip } from '../../ui/chip'
import type { Tone } from '../../ui/chip'
import { sentence } from '../../ui/failure'
import { Table } from '../../ui/table'
import type { Outcome } from './orders'

const TONES: Record<Outcome['status'], Tone> = { pending: 'wait', done: 'good', failed: 'bad', skipped: 'quiet' }
const WORDS: Record<Outcome['status'], string> = {
  pending: 'not yet',
  done: 'done',
  failed: 'failed',
  skipped: 'nothing to do',
}

/** What became of each execution, with the way to it and to what was started. */
export function Outcomes({ outcomes, more }: { outcomes: readonly Outcome[]; more?: (() => void) | null }) {
  return (
    <div className="stack scrolling" tabIndex={0} role="region" aria-label="What became of each">
      <Table<Outcome>
        label="Executions of the job"
        items={outcomes}
        keyOf={({ execution_id }) => execution_id}
        columns={[
          {
            head: 'State',
            isFit: true,
            cell: ({ status }) => <Chip tone={TONES[status]}>{WORDS[status]}</Chip>,
          },
          {
            head: 'Execution',
            isFit: true,
            cell: ({ execution_id }) => <Link href={to.execution(execution_id)}>{execution_id.slice(-12)}</Link>,
          },
          { head: 'What came of it', cell: (outcome) => <Came outcome={outcome} /> },
        ]}
      />
      {more && (
        <button type="button" className="more" onClick={more}>
          Load more
        </button>
      )}
    </div>
  )
}

function Came({ outcome }: { outcome: Outcome }) {
  const { reason, new_execution_id } = outcome
  if (new_execution_id) return <Link href={to.execution(new_execution_id)}>began {new_execution_id.slice(-12)}</Link>
  return sentence(reason ?? '')
}
