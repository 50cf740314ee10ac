import { useMemo, useState } from 'react'

import { makeJob } from '../../api/bulk'
import { useAttempt } from '../../app/attempt'
import { setQuery } from '../../app/router'
import { unique } from '../../app/unique'
import { ChoiceField, TextField } from '../../ui/field'
import { FormDialog } from '../../ui/form-dialog'
import { ORDERS, wishOf } from './orders'
import type { Order } from './orders'

const CODES = { reason: ['bad_reason'], version: [] }
const VERSIONS = [
  ['', 'Its own, as before'],
  ['latest', 'The newest'],
] as const

interface Props {
  order: Order
  ids: readonly string[]
  onOrdered: () => void
  onClose: () => void
}

/** Says what happens, and makes the job; how that goes on is shown then. */
export function OrderDialog({ order, ids: given, onOrdered, onClose }: Props) {
  // As they were when it was asked: the list goes on changing.
  const [ids] = useState(given)
  const [version, setVersion] = useState('')
  const [reason, setReason] = useState('')
  const { error, isBusy, attempt } = useAttempt()
  const key = useMemo(unique, [version, reason])
  const { title, submit, told } = ORDERS[order]
  const make = () =>
    void attempt(async () => {
      const job = await makeJob(wishOf(order, ids, version, reason), key)
      onClose()
      onOrdered()
      setQuery('job', job.id)
    })
  return (
    <FormDialog
      title={`${title}: ${ids.length === 1 ? '1 execution' : `${ids.length} executions`}`}
      submit={submit}
      isDanger={order === 'cancel'}
      isOff={isBusy}
      error={error}
      codes={CODES}
      onSubmit={make}
      onClose={onClose}
    >
      <p>{told}</p>
      {order === 'restart' ? (
        <ChoiceField label="On version" name="version" value={version} choices={VERSIONS} onText={setVersion} />
      ) : (
        <TextField
          label="Reason"
          name="reason"
          placeholder="for whoever looks later"
          value={reason}
          onText={setReason}
        />
      )}
    </FormDialog>
  )
}
