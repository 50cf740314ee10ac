import { useState } from 'react'

import type { ApiError } from '../../api/client'
import { createRecord } from '../../api/records'
import type { Data, RecordItem, RecordType } from '../../api/records'
import { useAttempt } from '../../app/attempt'
import { FormDialog } from '../../ui/form-dialog'
import { begun, dataOf, placeOf, refusalOf } from './entries'
import { EntryFields } from './entry-fields'

interface Props {
  type: RecordType
  /** What the newest record of the type holds: the new one is asked for the same. */
  last: Data | undefined
  onMade: (record: RecordItem) => void
  onClose: () => void
}

/** A record that a person writes down. It begins in the first state of its type. */
export function RecordDialog({ type, last, onMade, onClose }: Props) {
  const [entries, setEntries] = useState(() => begun(last))
  const [wrong, setWrong] = useState<ApiError | null>(null)
  const { error, isBusy, attempt } = useAttempt()
  const submit = () => {
    const refused = refusalOf(entries, true)
    setWrong(refused)
    if (!refused) void attempt(async () => onMade(await createRecord(type.name, dataOf(entries))))
  }
  const codes = Object.fromEntries(entries.map((_, at) => [placeOf(at), []]))
  return (
    <FormDialog
      title={`New record: ${type.label}`}
      submit="Write it down"
      isWide
      isOff={isBusy}
      error={wrong ?? error}
      codes={codes}
      onSubmit={submit}
      onClose={onClose}
    >
      <EntryFields entries={entries} known={Object.keys(last ?? {})} onEntries={setEntries} />
    </FormDialog>
  )
}
