import { useEffect, useState } from 'react'

import { ApiError } from '../api/client'
import { previewSchedule } from '../api/triggers'
import type { Preview } from '../api/triggers'
import { sentence } from '../ui/failure'

const AFTER_MS = 300
const SHOWN_MAX = 5

/** What of a schedule’s settings decides its times. */
export function timing(config: Readonly<Record<string, unknown>>): Record<string, unknown> | null {
  if (typeof config['cron'] !== 'string' || config['cron'].trim() === '') return null
  const told = ['cron', 'zone', 'start_at', 'end_at'].flatMap((name) =>
    config[name] === undefined || config[name] === null || config[name] === '' ? [] : [[name, config[name]]],
  )
  return Object.fromEntries(told) as Record<string, unknown>
}

/** When a schedule would start, while one writes it. */
export function NextTimes({ config }: { config: Readonly<Record<string, unknown>> }) {
  const [told, setTold] = useState<Preview | ApiError | null>(null)
  const asked = JSON.stringify(timing(config))
  useEffect(() => {
    let over = false
    const wish = JSON.parse(asked) as object | null
    if (wish === null) return setTold(null)
    const timer = setTimeout(() => {
      const take = (next: Preview | ApiError) => !over && setTold(next)
      previewSchedule(wish).then(take, (refused: unknown) => take(ApiError.of(refused)))
    }, AFTER_MS)
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [asked])
  if (told === null) return null
  if (told instanceof ApiError) {
    const [first] = told.errors
    return <p className="form-problem">{sentence((first ?? told).detail)}</p>
  }
  return (
    <section aria-label="Next times" data-testid="next-times">
      <h3>Next times</h3>
      <ol className="times">
        {told.items.slice(0, SHOWN_MAX).map(({ at, local, zone_abbr }) => (
          <li key={at}>
            <time dateTime={at} title={new Date(at).toLocaleString()}>
              {local.replace('T', ' ')}
            </time>{' '}
            <span className="faint">{zone_abbr}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}
