import { useCallback, useEffect, useRef, useState } from 'react'

import { ApiError } from '../api/client'

export interface Loaded<T> {
  value: T | null
  error: ApiError | null
  reload: () => void
}

/**
 * Loads something, again when `key` changes, and every `everyMs` while the page is looked at. What was loaded stays
 * until then.
 */
export function useLoad<T>(load: () => Promise<T>, key: string, everyMs = 0): Loaded<T> {
  const [state, setState] = useState<{ key: string; value: T | null; error: ApiError | null }>({
    key,
    value: null,
    error: null,
  })
  const latest = useRef(load)
  latest.current = load
  const run = useCallback(
    async (isOver: () => boolean) => {
      try {
        const value = await latest.current()
        if (!isOver()) setState({ key, value, error: null })
      } catch (error) {
        if (!isOver())
          setState((before) => ({ key, value: before.key === key ? before.value : null, error: ApiError.of(error) }))
      }
    },
    [key],
  )
  useEffect(() => {
    let over = false
    void run(() => over)
    const isWatched = () => document.visibilityState === 'visible'
    const timer = everyMs > 0 ? setInterval(() => isWatched() && void run(() => over), everyMs) : undefined
    return () => {
      over = true
      clearInterval(timer)
    }
  }, [run, everyMs])
  const isCurrent = state.key === key
  return {
    value: isCurrent ? state.value : null,
    error: isCurrent ? state.error : null,
    reload: () => void run(() => false),
  }
}
