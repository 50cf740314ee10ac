import { useState } from 'react'

import { ApiError } from '../../api/client'
import { fireNow, resumeSchedule } from '../../api/triggers'
import type { Schedule } from '../../api/triggers'
import { useCan } from '../../app/who'
import { sentence } from '../../ui/failure'
import { Icon } from '../../ui/icon'
import { say } from '../../ui/toast'
import { BackfillDialog } from './backfill-dialog'
import { PauseDialog } from './pause-dialog'

/** What can be done with a schedule. */
export function ScheduleActions({ schedule, onChanged }: { schedule: Schedule; onChanged: () => void }) {
  const [asked, setAsked] = useState<'pause' | 'backfill' | null>(null)
  if (!useCan('triggers.write')) return null
  const close = () => setAsked(null)
  const order = (work: Promise<unknown>, words: string) =>
    work
      .then(() => say(words))
      .catch((refused: unknown) => say(sentence(ApiError.of(refused).detail), 'wrong'))
      .finally(onChanged)
  return (
    <>
      <button type="button" onClick={() => void order(fireNow(schedule.id), 'It starts once, now.')}>
        <Icon name="play" /> Start now
      </button>
      <button type="button" onClick={() => setAsked('backfill')}>
        <Icon name="retry" /> Back-fill…
      </button>
      {schedule.status === 'active' && (
        <button type="button" onClick={() => setAsked('pause')}>
          <Icon name="pause" /> Pause…
        </button>
      )}
      {schedule.status === 'paused' && (
        <button
          type="button"
          className="primary"
          onClick={() => void order(resumeSchedule(schedule.id), 'It goes on with its next time.')}
        >
          <Icon name="play" /> Resume
        </button>
      )}
      {asked === 'pause' && <PauseDialog schedule={schedule} onDone={onChanged} onClose={close} />}
      {asked === 'backfill' && <BackfillDialog schedule={schedule} onDone={onChanged} onClose={close} />}
    </>
  )
}
