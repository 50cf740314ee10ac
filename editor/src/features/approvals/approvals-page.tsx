import { useState } from 'react'

import { approvals } from '../../api/approvals'
import type { Approval } from '../../api/approvals'
import { Link } from '../../app/link'
import { usePaged } from '../../app/paged'
import { setQuery, to, useQuery } from '../../app/router'
import { useCan } from '../../app/who'
import { Chip } from '../../ui/chip'
import type { Tone } from '../../ui/chip'
import { List, ListingPage } from '../../ui/listing'
import { ago, dateTime } from '../../ui/time'
import { AnswerDialog } from './answer-dialog'
import { answerOf, isForMe } from './asking'
import '../../styles/records.css'

const EVERY_MS = 10_000
const TONES: Record<Approval['status'], Tone> = { open: 'wait', answered: 'good', expired: 'bad', cancelled: 'quiet' }

/** What waits for one's answer; or all that was ever asked, with the answers. */
export default function ApprovalsPage() {
  const status = useQuery('status') === 'all' ? 'all' : 'open'
  const paged = usePaged((cursor) => approvals(status, cursor), `approvals ${status}`, EVERY_MS, ['approval'])
  const mayAnswer = useCan('approvals.answer')
  const [answered, setAnswered] = useState<Approval | null>(null)
  const items = status === 'all' ? paged.items : (paged.items?.filter(isForMe) ?? null)
  const filter = (
    <select
      aria-label="Which approvals"
      value={status}
      onChange={(event) => setQuery('status', event.target.value === 'all' ? 'all' : '')}
    >
      <option value="open">To be answered</option>
      <option value="all">All, also answered ones</option>
    </select>
  )
  return (
    <ListingPage
      title="Approvals"
      about="What executions ask of people, and wait for. The first answer counts; those for holders of a link only are among all."
      actions={filter}
    >
      <List<Approval>
        label="Approvals"
        items={items}
        error={paged.error}
        onRetry={paged.reload}
        more={paged.more}
        keyOf={(approval) => approval.id}
        empty={<p>{status === 'all' ? 'Nothing was asked yet.' : 'Nothing waits for your answer.'}</p>}
        columns={[
          {
            head: 'State',
            isFit: true,
            cell: (approval) => <Chip tone={TONES[approval.status]}>{approval.status}</Chip>,
          },
          { head: 'What', cell: (approval) => <What of={approval} /> },
          {
            head: 'Asked',
            cell: ({ created_at }) => <span title={dateTime(created_at)}>{ago(created_at)}</span>,
          },
          { head: 'Until', cell: ({ deadline_at }) => (deadline_at === null ? '' : dateTime(deadline_at)) },
          {
            head: 'Asked by',
            cell: ({ execution_id, node_id }) => (
              <Link href={to.execution(execution_id, { step: node_id })}>execution {execution_id.slice(-12)}</Link>
            ),
          },
          {
            head: '',
            isEnd: true,
            cell: (approval) =>
              mayAnswer &&
              isForMe(approval) && (
                <button
                  type="button"
                  className="primary"
                  aria-label={`Answer ${approval.title}`}
                  onClick={() => setAnswered(approval)}
                >
                  Answer…
                </button>
              ),
          },
        ]}
      />
      {answered && <AnswerDialog of={answered} onAnswered={paged.reload} onClose={() => setAnswered(null)} />}
    </ListingPage>
  )
}

function What({ of: approval }: { of: Approval }) {
  const { title, text, status, who, answer } = approval
  return (
    <>
      <strong>{title}</strong>
      {text && <div className="approval-text">{text}</div>}
      {status === 'open' && !who.api_key && <div className="faint">Answered by holders of its link only.</div>}
      {answer && (
        <div className="faint" title={dateTime(answer.at)}>
          {answerOf(approval)}, {ago(answer.at)}
          {answer.comment && `: ${answer.comment}`}
        </div>
      )}
    </>
  )
}
