import { useEffect } from 'react'

import type { Execution } from '../api/types'
import { setQuery, useQuery } from '../app/router'
import { useStore } from '../app/store'
import { Icon } from '../ui/icon'
import { IconButton } from '../ui/icon-button'
import { wordsOf } from './moments'
import type { Past } from './past'

/** The entry that is looked at, from the address; null for how it stands now. */
export function useAt(): number | null {
  const at = Number.parseInt(useQuery('at'), 10)
  return Number.isNaN(at) ? null : at
}

/** Goes back and forth in time: the canvas shows how it stood after each entry of the journal. */
export function Scrubber({ past, execution }: { past: Past; execution: Execution }) {
  const at = useAt()
  const moments = useStore(past, (state) => state.moments)
  useEffect(() => {
    if (at !== null) past.begin(execution)
  }, [past, at, execution])
  if (at === null) {
    return (
      <section className="scrubber" aria-label="Time">
        <button type="button" className="quiet" onClick={() => setQuery('at', '0')}>
          <Icon name="back" /> Step through it
        </button>
      </section>
    )
  }
  const found = moments.findLastIndex((moment) => moment.position <= at)
  const ix = Math.max(0, found)
  const moment = moments[ix]
  const go = (to: number) => {
    const next = moments[to]
    if (next) setQuery('at', String(next.position))
  }
  const words = moment ? wordsOf(moment, execution) : 'reading its journal…'
  return (
    <section className="scrubber" aria-label="Time" data-testid="scrubber">
      <IconButton label="One entry back" icon="back" isOff={ix === 0} onClick={() => go(ix - 1)} />
      <input
        type="range"
        min={0}
        max={Math.max(0, moments.length - 1)}
        value={ix}
        aria-label="Entry of the journal"
        aria-valuetext={words}
        onChange={(event) => go(event.target.valueAsNumber)}
      />
      <IconButton label="One entry on" icon="skip" isOff={ix >= moments.length - 1} onClick={() => go(ix + 1)} />
      <p role="status">
        <strong>
          {ix + 1} of {moments.length}
        </strong>{' '}
        {words}
      </p>
      <button type="button" onClick={() => setQuery('at', '')}>
        Back to now
      </button>
    </section>
  )
}
