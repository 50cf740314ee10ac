import { useEffect, useMemo, useRef, useState } from 'react'

import { execution, start } from '../../api/calls'
import { unique } from '../../app/unique'
import { Dialog } from '../../ui/dialog'
import { Icon } from '../../ui/icon'
import { runAgain } from './again'
import type { Outcome } from './orders'
import { Outcomes } from './outcomes'
import { Progress } from './progress'

interface Props {
  ids: readonly string[]
  onEnded: () => void
  onClose: () => void
}

/** Starts each from the beginning, with the input that it had; the dialog has to stay open meanwhile. */
export function AgainDialog({ ids: given, onEnded, onClose }: Props) {
  const [ids] = useState(given)
  const batch = useMemo(unique, [])
  const [outcomes, setOutcomes] = useState<Outcome[] | null>(null)
  const [isRunning, setRunning] = useState(false)
  const stop = useRef(new AbortController())
  useEffect(() => () => stop.current.abort(), [])
  const run = async () => {
    setRunning(true)
    stop.current = new AbortController()
    await runAgain(ids, batch, { read: execution, start }, setOutcomes, stop.current.signal)
    setRunning(false)
  }
  const close = () => {
    stop.current.abort()
    onClose()
    if (outcomes) onEnded()
  }
  const many = ids.length === 1 ? '1 execution' : `${ids.length} executions`
  return (
    <Dialog title={`Run again: ${many}`} onClose={close} className="wide">
      {outcomes === null ? (
        <p>
          Each is started anew from the beginning, on the newest version, with the input that it had. The old ones stay
          as they are. Leave this open until it is done: your browser starts them one by one.
        </p>
      ) : (
        <>
          <Progress counts={countsOf(outcomes)} ended={isRunning ? '' : 'All of it is done with.'} />
          <Outcomes outcomes={outcomes} />
        </>
      )}
      <footer>
        <button type="button" className={outcomes && !isRunning ? 'primary' : ''} onClick={close}>
          {isRunning ? 'Stop' : outcomes ? 'Close' : 'Cancel'}
        </button>
        {outcomes === null && (
          <button type="button" className="primary" disabled={isRunning} onClick={() => void run()}>
            <Icon name="play" /> Start {many}
          </button>
        )}
      </footer>
    </Dialog>
  )
}

function countsOf(outcomes: readonly Outcome[]) {
  const count = (wanted: Outcome['status']) => outcomes.filter(({ status }) => status === wanted).length
  return { total: outcomes.length, done: count('done'), failed: count('failed'), skipped: count('skipped') }
}
