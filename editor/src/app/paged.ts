import { useState } from 'react'

import type { ApiError } from '../api/client'
import type { Page } from '../api/types'
import { useAttempt } from './attempt'
import { useLoad } from './load'
import type { Topic } from './newsroom'

export interface Paged<T> {
  /** Null until the first answer. */
  items: T[] | null
  error: ApiError | null
  reload: () => void
  /** Asks for what comes after; null where nothing does. */
  more: (() => void) | null
}

/** A list by pages, newest first: its first page is kept fresh as `useLoad` does, older ones when one wants them. */
export function usePaged<T extends { id: string }>(
  load: (cursor: string | null) => Promise<Page<T>>,
  key: string,
  everyMs = 0,
  about: readonly Topic[] = [],
): Paged<T> {
  const newest = useLoad(() => load(null), key, everyMs, about)
  const [older, setOlder] = useState<{ key: string; items: T[]; next: string | null } | null>(null)
  const { error, attempt } = useAttempt()
  const behind = older?.key === key ? older : null
  const next = behind ? behind.next : (newest.value?.next_cursor ?? null)
  const more = (cursor: string) =>
    attempt(async () => {
      const page = await load(cursor)
      setOlder({ key, items: [...(behind?.items ?? []), ...page.items], next: page.next_cursor })
    })
  return {
    items: newest.value && joined(newest.value.items, behind?.items ?? []),
    error: newest.error ?? error,
    reload: () => {
      setOlder(null)
      newest.reload()
    },
    more: next === null ? null : () => void more(next),
  }
}

/** What is on both pages is as the newer answer has it. */
export function joined<T extends { id: string }>(newest: readonly T[], older: readonly T[]): T[] {
  const seen = new Set(newest.map((item) => item.id))
  return [...newest, ...older.filter((item) => !seen.has(item.id))]
}
