import { useEffect, useState } from 'react'

import { bulkItems, bulkJob, cancelJob } from '../../api/bulk'
import type { BulkJob } from '../../api/bulk'
import { useAttempt } from '../../app/attempt'
import { useLoad } from '../../app/load'
import { usePaged } from '../../app/paged'
import { useCan } from '../../app/who'
import { Dialog } from '../../ui/dialog'
import { Failure } from '../../ui/failure'
import { Outcomes } from './outcomes'
import { verbInWords } from './orders'
import { Progress } from './progress'

const EVERY_MS = 1_000

interface Props {
  id: string
  onEnded: () => void
  onClose: () => void
}

/** How far a job is, and what became of each execution. It goes on when this is closed. */
export function JobDialog({ id, onEnded, onClose }: Props) {
  const { job, items, error, isRunning, reload } = useJob(id)
  const { error: refused, isBusy, attempt } = useAttempt()
  const mayOrder = useCan('executions.operate')
  useEffect(() => {
    if (job && !isRunning) onEnded()
  }, [job?.status])
  const stop = () => void attempt(() => cancelJob(id).then(reload))
  const failure = refused ?? error
  return (
    <Dialog title={job ? verbInWords(job) : 'Job'} onClose={onClose} className="wide">
      {failure && <Failure error={failure} onRetry={reload} />}
      {job && <Progress counts={job.counts} ended={endedInWords(job)} />}
      {items.items && <Outcomes outcomes={items.items} more={items.more} />}
      <footer>
        {isRunning && mayOrder && (
          <button type="button" disabled={isBusy} onClick={stop}>
            Stop what is left
          </button>
        )}
        <button type="button" className="primary" onClick={onClose}>
          {isRunning ? 'Go on without watching' : 'Close'}
        </button>
      </footer>
    </Dialog>
  )
}

/** Asked for until it has ended. */
function useJob(id: string) {
  const [isEnded, setEnded] = useState(false)
  const loaded = useLoad(() => bulkJob(id), `job ${id}`, isEnded ? 0 : EVERY_MS)
  const job = loaded.value
  const isRunning = job?.status === 'running'
  useEffect(() => setEnded(job !== null && job.status !== 'running'), [job?.status])
  const load = async (cursor: string | null) => {
    const page = await bulkItems(id, cursor)
    return { ...page, items: page.items.map((item) => ({ ...item, id: item.execution_id })) }
  }
  const items = usePaged(load, `items ${id} ${job?.status}`, isRunning ? EVERY_MS : 0)
  return { job, items, isRunning, error: loaded.error ?? items.error, reload: () => (loaded.reload(), items.reload()) }
}

function endedInWords({ status }: BulkJob): string {
  if (status === 'running') return ''
  return status === 'completed' ? 'All of it is done with.' : 'It was stopped: the others stay as they are.'
}
