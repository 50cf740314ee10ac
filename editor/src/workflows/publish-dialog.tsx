import { useState } from 'react'

import { checkDraft, publish } from '../api/calls'
import type { Finding, Published, Verdict } from '../api/types'
import { useAttempt } from '../app/attempt'
import { useLoad } from '../app/load'
import { Dialog } from '../ui/dialog'
import { Failure, sentence } from '../ui/failure'
import { LinesField, TextField } from '../ui/field'
import { Icon } from '../ui/icon'
import { Changes } from './changes'
import type { Editing } from './editing'
import { ProblemRow } from './problems'
import { saved } from './saved'

/** Saves, has the server prove the draft, shows what it found, and publishes. */
export function PublishDialog({ editing, onClose }: { editing: Editing; onClose: () => void }) {
  const { draft } = editing
  const verdict = useLoad(async () => {
    await saved(draft)
    return checkDraft(draft.id)
  }, 'verdict')
  const [done, setDone] = useState<Published | null>(null)
  if (done) return <Done published={done} editing={editing} onClose={onClose} />
  return (
    <Dialog title="Publish" onClose={onClose} className="wide">
      {verdict.error && <Failure error={verdict.error} onRetry={verdict.reload} />}
      {!verdict.error && !verdict.value && <p className="faint">Looking at every way through it…</p>}
      {verdict.value && <Judged editing={editing} verdict={verdict.value} onDone={setDone} onClose={onClose} />}
    </Dialog>
  )
}

interface JudgedProps {
  editing: Editing
  verdict: Verdict
  onDone: (published: Published) => void
  onClose: () => void
}

function Judged({ editing, verdict, onDone, onClose }: JudgedProps) {
  const [accepted, setAccepted] = useState<ReadonlySet<string>>(new Set())
  const [name, setName] = useState('')
  const [note, setNote] = useState('')
  const { error, attempt } = useAttempt()
  const findings = verdict.proof?.findings ?? []
  const errors = [...new Set(findings.filter((finding) => finding.severity === 'error').map((finding) => finding.code))]
  const isBlocked = !verdict.valid || errors.some((code) => !accepted.has(code))
  const submit = () =>
    attempt(async () => {
      const published = await publish(editing.draft.id, [...accepted], { name, note })
      editing.draft.setPublished(published.number)
      onDone(published)
    })
  const entries = [...verdict.problems, ...findings]
  return (
    <>
      <p>{verdict.valid ? proofWords(verdict) : 'It cannot be published like this:'}</p>
      {entries.length > 0 && (
        <ul className="findings" onClick={onClose}>
          {entries.map((entry, at) => (
            <ProblemRow key={at} editing={editing} entry={entry} />
          ))}
        </ul>
      )}
      <Changes editing={editing} />
      {errors.map((code) => (
        <Acceptance key={code} code={code} findings={findings} accepted={accepted} onChange={setAccepted} />
      ))}
      {verdict.valid && (
        <details className="naming">
          <summary>Name this version</summary>
          <TextField label="Name of the version" value={name} maxLength={100} onText={setName} />
          <LinesField label="What is new" value={note} onText={setNote} />
        </details>
      )}
      {error && <Failure error={error} />}
      <footer>
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="primary" disabled={isBlocked} autoFocus onClick={() => void submit()}>
          Publish version {(editing.draft.get().published ?? 0) + 1}
        </button>
      </footer>
    </>
  )
}

function proofWords({ proof }: Verdict): string {
  if (!proof) return ''
  const size =
    proof.steps_max === null || proof.attempts_max === null
      ? 'How many steps an execution may have cannot be counted.'
      : `An execution has at most ${proof.steps_max.toLocaleString()} steps with ${proof.attempts_max.toLocaleString()} attempts.`
  const whole = proof.complete ? 'Every way through it was looked at.' : 'Not every way through it could be looked at.'
  return proof.findings.length === 0 ? `Nothing is wrong with it. ${whole} ${size}` : `${whole} ${size}`
}

interface AcceptanceProps {
  code: string
  findings: readonly Finding[]
  accepted: ReadonlySet<string>
  onChange: (accepted: ReadonlySet<string>) => void
}

function Acceptance({ code, findings, accepted, onChange }: AcceptanceProps) {
  const count = findings.filter((finding) => finding.code === code).length
  const flip = (isOn: boolean) =>
    onChange(new Set(isOn ? [...accepted, code] : [...accepted].filter((other) => other !== code)))
  return (
    <label className="check">
      <input type="checkbox" checked={accepted.has(code)} onChange={(event) => flip(event.target.checked)} />
      <span>
        Publish with {count === 1 ? 'this error' : `these ${count} errors`}: <code>{code}</code>
      </span>
    </label>
  )
}

/** Where a trigger answers; mails go to an address, once the server takes any. */
function Address({ url }: { url: string | null }) {
  if (url === null) return <em>this server takes no mails</em>
  const shown = url.startsWith('mailto:') ? url.slice('mailto:'.length) : location.origin + url
  return (
    <a href={url} target="_blank" rel="noreferrer">
      {shown}
    </a>
  )
}

function Done({ published, editing, onClose }: { published: Published; editing: Editing; onClose: () => void }) {
  return (
    <Dialog title={`Version ${published.number} is published`} onClose={onClose}>
      <p>What starts from now on uses it; executions that began before keep theirs.</p>
      {published.triggers.length > 0 && (
        <ul className="addresses">
          {published.triggers.map((trigger) => (
            <li key={trigger.node_id}>
              <span>{sentence(trigger.kind)}</span>
              <Address url={trigger.url} />
            </li>
          ))}
        </ul>
      )}
      <footer>
        <button type="button" onClick={onClose}>
          Go on drawing
        </button>
        <button type="button" className="primary" autoFocus onClick={() => editing.ask({ what: 'run' })}>
          <Icon name="play" /> Run it
        </button>
      </footer>
    </Dialog>
  )
}
