/** News of the workspace for components: one stream for all of them, and for all tabs of the browser. */

import { useEffect, useRef } from 'react'

import { followWorkspaceTogether } from '../api/shared'
import type { Me } from '../api/types'
import { Newsroom, Seldom, paceOf } from './newsroom'
import type { Topic } from './newsroom'
import { useStore } from './store'

export const newsroom = new Newsroom()

/** Listens while the workspace is looked at. Tabs share a stream if they may hear the same: those of one person or key. */
export function useStream(me: Me): void {
  const mayListen = me.permissions.includes('workspace.read')
  const name = mayListen && me.workspace ? `${me.workspace.id}.${me.user?.id ?? me.key?.id ?? me.kind}` : null
  useEffect(() => {
    if (name === null) return
    const over = new AbortController()
    void followWorkspaceTogether(name, newsroom, over.signal)
    return () => {
      over.abort()
      newsroom.onConnection(null)
    }
  }, [name])
}

/** Calls `hear` soon after something is new of these topics, while the page is looked at. */
export function useNews(topics: readonly Topic[], hear: () => void): void {
  const latest = useRef(hear)
  latest.current = hear
  const wanted = topics.join(' ')
  useEffect(() => {
    if (wanted === '') return
    const seldom = new Seldom(() => latest.current())
    const leave = newsroom.want(wanted.split(' ') as Topic[], seldom.ask)
    document.addEventListener('visibilitychange', seldom.look)
    return () => {
      leave()
      document.removeEventListener('visibilitychange', seldom.look)
      seldom.stop()
    }
  }, [wanted])
}

/** See `paceOf`. */
export function usePace(everyMs: number, topics: readonly Topic[]): number {
  return useStore(newsroom, ({ connection }) => paceOf(everyMs, topics.length > 0, connection))
}
