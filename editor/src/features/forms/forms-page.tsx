import { useState } from 'react'

import { ApiError } from '../../api/client'
import { formsAfter, pauses, pauseWorkflow, resumeWorkflow } from '../../api/forms'
import type { Form } from '../../api/forms'
import { Link } from '../../app/link'
import { useLoad } from '../../app/load'
import { to } from '../../app/router'
import { can, useCan } from '../../app/who'
import { Chip } from '../../ui/chip'
import { sentence } from '../../ui/failure'
import { IconButton } from '../../ui/icon-button'
import { List, ListingPage } from '../../ui/listing'
import { ago, dateTime } from '../../ui/time'
import { say } from '../../ui/toast'
import { Address } from './address'
import { FormPreview } from './form-preview'

/** More pages would be no list. */
const PAGES_MAX = 10

interface Listed extends Form {
  isPaused: boolean
}

/** What anybody can fill in who has the address. */
export default function FormsPage() {
  const loaded = useLoad(read, 'forms', 10_000)
  const [looked, setLooked] = useState<Form | null>(null)
  const mayOperate = useCan('executions.operate')
  const turn = ({ workflow_id, isPaused }: Listed) =>
    (isPaused ? resumeWorkflow : pauseWorkflow)(workflow_id)
      .then(() => say(isPaused ? 'It goes on.' : 'It is held up: what is sent waits until it goes on.'))
      .catch((refused: unknown) => say(sentence(ApiError.of(refused).detail), 'wrong'))
      .finally(loaded.reload)
  return (
    <ListingPage
      title="Forms"
      about="Every published workflow that begins with a form. What it asks for is set on the canvas, at the trigger."
    >
      <List<Listed>
        label="Forms"
        items={loaded.value}
        error={loaded.error}
        onRetry={loaded.reload}
        keyOf={(form) => form.path}
        empty={<p>Nobody can fill anything in. Put the trigger “Form” into a workflow, and publish it.</p>}
        columns={[
          {
            head: 'State',
            isFit: true,
            cell: ({ isPaused }) => <Chip tone={isPaused ? 'wait' : 'good'}>{isPaused ? 'held up' : 'open'}</Chip>,
          },
          {
            head: 'Form',
            cell: (form) => (
              <>
                <button type="button" className="link name" onClick={() => setLooked(form)}>
                  {form.title || form.path}
                </button>
                <div>
                  <Link href={to.workflow(form.workflow_id)}>{form.workflow_name}</Link>{' '}
                  <span className="faint">version {form.version}</span>
                </div>
                <Unproven of={form} />
              </>
            ),
          },
          { head: 'Address', cell: (form) => <Address of={form} /> },
          { head: 'Sent', isEnd: true, cell: (form) => form.started },
          { head: 'Last', cell: (form) => <Last of={form} /> },
          {
            head: '',
            isEnd: true,
            cell: (form) =>
              mayOperate && (
                <IconButton
                  icon={form.isPaused ? 'play' : 'pause'}
                  label={form.isPaused ? `Let ${nameOf(form)} go on` : `Hold up ${nameOf(form)}`}
                  onClick={() => void turn(form)}
                />
              ),
          },
        ]}
      />
      {looked && <FormPreview of={looked} onClose={() => setLooked(null)} />}
    </ListingPage>
  )
}

/** How many have not opened the mail that asks whether the address is theirs, and what is wrong with these mails. */
function Unproven({ of: { verification } }: { of: Form }) {
  if (!verification) return null
  const { waiting, mail_error: error } = verification
  return (
    <div className="faint">
      {waiting === 0 ? 'Nobody' : waiting} {waiting > 1 ? 'have' : 'has'} still to confirm the address
      {error && <div className="bad">A mail was not sent: {error}</div>}
    </div>
  )
}

function Last({ of: { last, takes_leads } }: { of: Form }) {
  if (!last) return <span className="faint">nothing of late</span>
  return (
    <>
      <Link href={to.execution(last.execution_id)} title={dateTime(last.at)}>
        {ago(last.at)}
      </Link>
      {takes_leads && can('leads.read') && (
        <>
          {' '}
          <Link href={to.leads()}>Leads</Link>
        </>
      )}
    </>
  )
}

const nameOf = (form: Form) => form.title || form.path

async function read(): Promise<Listed[]> {
  const held = can('workspace.read') ? (await pauses()).items : []
  const all: Form[] = []
  let after: string | null = ''
  for (let page = 0; after !== null && page < PAGES_MAX; page += 1) {
    const { items, next } = await formsAfter(after)
    all.push(...items)
    after = next
  }
  const isPaused = (form: Form) =>
    held.some(({ level, workflow_id }) => level === 'workspace' || workflow_id === form.workflow_id)
  return all.map((form) => ({ ...form, isPaused: isPaused(form) }))
}
