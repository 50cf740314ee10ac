import { useState } from 'react'

import type { ApiError } from '../../api/client'
import { changeRecord } from '../../api/records'
import type { RecordItem } from '../../api/records'
import { useAttempt } from '../../app/attempt'
import { Form } from '../../ui/form'
import { say } from '../../ui/toast'
import { changeOf, entriesOf, placeOf, rebased, refusalOf } from './entries'
import type { Entry } from './entries'
import { EntryFields } from './entry-fields'

/** What one has written and not saved, and the record that one began from. */
interface Draft {
  of: RecordItem
  entries: Entry[]
}

interface Props {
  record: RecordItem
  mayChange: boolean
  onChanged: () => void
}

/** What a record holds, to be changed. What others change meanwhile takes nothing away that one has written. */
export function DataSection({ record, mayChange, onChanged }: Props) {
  const [draft, setDraft] = useState<Draft | null>(null)
  const [wrong, setWrong] = useState<ApiError | null>(null)
  const { error, isBusy, attempt } = useAttempt()
  const entries = draft?.entries ?? entriesOf(record.data)
  const isOld = draft !== null && draft.of.revision !== record.revision
  const forget = () => {
    setDraft(null)
    setWrong(null)
  }
  const save = () => {
    if (!draft) return
    const refused = refusalOf(draft.entries, false)
    setWrong(refused)
    if (refused) return
    const change = changeOf(draft.of.data, draft.entries)
    void attempt(async () => {
      if (Object.keys(change).length > 0) {
        await changeRecord(record.id, draft.of.revision, change)
        say('The record is saved.')
      }
      forget()
      onChanged()
    })
  }
  const footer = draft !== null && (
    <>
      <button type="button" onClick={forget}>
        Discard
      </button>
      <button className="primary" disabled={isBusy || isOld}>
        Save
      </button>
    </>
  )
  return (
    <section className="section" aria-label="Fields">
      <h2>Fields</h2>
      {entries.length === 0 && <p className="faint">Nothing is known of it.</p>}
      {isOld && (
        <div className="notice" role="status">
          <p>Somebody has changed the record meanwhile. What you have written is kept.</p>
          <button
            type="button"
            onClick={() => setDraft({ of: record, entries: rebased(draft.of.data, draft.entries, record.data) })}
          >
            Go on from what is there now
          </button>
        </div>
      )}
      <Form
        error={draft === null ? null : (wrong ?? error)}
        codes={Object.fromEntries(entries.map((_, at) => [placeOf(at), []]))}
        onSubmit={save}
        footer={footer}
      >
        <EntryFields
          entries={entries}
          known={[]}
          isOff={!mayChange}
          onEntries={(next) => setDraft({ of: draft?.of ?? record, entries: next })}
        />
      </Form>
    </section>
  )
}
