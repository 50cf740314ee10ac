import { useCallback, useEffect, useRef, useState } from 'react'

import { ApiError } from '../api/client'
import { useNews, usePace } from './news'
import type { Topic } from './newsroom'

export interface Loaded<T> {
  value: T | null
  error: ApiError | null
  reload: () => void
}

const NOTHING: readonly Topic[] = []

/**
 * Loads something, again when `key` changes, when something is new of what it is `about`, and every `everyMs` while the page
 * is looked at, less often while news come. What was loaded stays until then.
 */
export function useLoad<T>(load: () => Promise<T>, key: string, everyMs = 0, about = NOTHING): Loaded<T> {
  const [state, setState] = useState<{ key: string; value: T | null; error: ApiError | null }>({
    key,
    value: null,
    error: null,
  })
  const latest = useRef(load)
  latest.current = load
  const pace = usePace(everyMs, about)
  const [asked, taken] = [useRef(0), useRef(0)]
  const run = useCallback(
    async (isOver: () => boolean) => {
      const mine = (asked.current += 1)
      // An answer that was overtaken by a later one is an old truth.
      const isOld = () => isOver() || mine < taken.current
      try {
        const value = await latest.current()
        if (isOld()) return
        taken.current = mine
        setState({ key, value, error: null })
      } catch (error) {
        if (!isOld())
          setState((before) => ({ key, value: before.key === key ? before.value : null, error: ApiError.of(error) }))
      }
    },
    [key, asked, taken],
  )
  useEffect(() => {
    let over = false
    void run(() => over)
    return () => {
      over = true
    }
  }, [run, everyMs])
  useEffect(() => {
    let over = false
    const isWatched = () => document.visibilityState === 'visible'
    const timer = pace > 0 ? setInterval(() => isWatched() && void run(() => over), pace) : undefined
    return () => {
      over = true
      clearInterval(timer)
    }
  }, [run, pace])
  useNews(about, () => void run(() => false))
  const isCurrent = state.key === key
  return {
    value: isCurrent ? state.value : null,
    error: isCurrent ? state.error : null,
    reload: () => void run(() => false),
  }
}
