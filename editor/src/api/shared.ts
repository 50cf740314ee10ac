/**
 * One live stream for all tabs of a browser that watch the same execution, or look at the same workspace: the tab that holds its lock reads it and tells
 * the others, and when it goes, the next one reads on from where it was. A browser has few connections to a server,
 * which streams would use up: only some are open at a time, and whoever gets none asks again and again.
 */

import type { ServerEvent } from './events'
import { follow, followWorkspace } from './follow'
import type { Connection, Follower } from './follow'

/** Of executions. A browser opens six connections to a server over HTTP/1.1; a workspace has one more of them. */
export const STREAMS_MAX = 3

/** What the browser gives for this, as far as it is used here. */
export interface Tabs {
  locks: Pick<LockManager, 'request'>
  channel: (name: string) => Pick<BroadcastChannel, 'postMessage' | 'onmessage' | 'close'>
}

/** Locks are there on HTTPS and on one's own machine only; without them each tab has its own stream. */
export function tabsOfBrowser(): Tabs | null {
  if (!('locks' in navigator) || typeof BroadcastChannel === 'undefined') return null
  return { locks: navigator.locks, channel: (name) => new BroadcastChannel(name) }
}

type Message = { event: ServerEvent } | { connection: Connection } | { asks: true }
/** Reads on after the event `last`. */
type Read = (follower: Follower, signal: AbortSignal, last: string | null) => Promise<void>

/** As `follow`; a tab that joins is told `resync`, since it has not heard what was told before. */
export async function followTogether(
  executionId: string,
  follower: Follower,
  signal: AbortSignal,
  tabs: Tabs | null = tabsOfBrowser(),
  stream: typeof follow = follow,
): Promise<void> {
  if (!tabs) return stream(executionId, follower, signal)
  await together(`capstan.live.${executionId}`, tabs, follower, signal, (loud, over, last) =>
    withSeat(tabs, loud, over, () => stream(executionId, loud, over, last)),
  )
}

/** As `followWorkspace`, likewise; `name` is one for all tabs that may hear the same. It needs no seat: there is one. */
export async function followWorkspaceTogether(
  name: string,
  follower: Follower,
  signal: AbortSignal,
  tabs: Tabs | null = tabsOfBrowser(),
  stream: typeof followWorkspace = followWorkspace,
): Promise<void> {
  if (!tabs) return stream(follower, signal)
  await together(`capstan.news.${name}`, tabs, follower, signal, stream)
}

/** Whoever holds the lock `name` reads, and tells the others. */
async function together(
  name: string,
  tabs: Tabs,
  follower: Follower,
  signal: AbortSignal,
  stream: Read,
): Promise<void> {
  const channel = tabs.channel(name)
  const ended = new AbortController()
  const over = AbortSignal.any([signal, ended.signal])
  let last: string | null = null
  let connection: Connection | null = null
  let isReading = false

  const hear = (event: ServerEvent) => {
    last = event.id ?? last
    follower.onEvent(event)
    if (event.name === 'end') ended.abort()
  }
  const stand = (next: Connection) => {
    const isFirst = connection === null && !isReading
    connection = next
    follower.onConnection(next)
    if (isFirst) follower.onEvent({ name: 'resync', id: null, data: '{}' })
  }
  const tell = (message: Message) => channel.postMessage(message)
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (over.aborted) return
    if ('event' in data && !isReading) hear(data.event)
    if ('connection' in data && !isReading) stand(data.connection)
    if ('asks' in data && isReading && connection) tell({ connection })
  }
  const loud: Follower = {
    onEvent: (event) => (tell({ event }), hear(event)),
    onConnection: (next) => (tell({ connection: next }), stand(next)),
  }
  const read = async () => {
    isReading = true
    await stream(loud, over, last)
  }
  tell({ asks: true })
  await tabs.locks.request(name, { signal: over }, read).catch(ignoreAbort)
  channel.close()
}

const SEATS = Array.from({ length: STREAMS_MAX }, (_, seat) => `capstan.stream.${seat}`)

/** Does `work` while holding one of the few streams; where none is free, it says so and waits for one. */
async function withSeat(
  { locks }: Tabs,
  follower: Follower,
  over: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  for (const seat of SEATS) {
    const has = await locks.request(seat, { ifAvailable: true }, async (lock) => {
      if (lock) await work()
      return lock !== null
    })
    if (has) return
  }
  if (over.aborted) return
  follower.onConnection('crowded')
  const found = new AbortController()
  const sit = async () => {
    if (found.signal.aborted) return
    found.abort()
    await work()
  }
  const signal = AbortSignal.any([over, found.signal])
  await Promise.all(SEATS.map((seat) => locks.request(seat, { signal }, sit).catch(ignoreAbort)))
}

/** A request for a lock that was taken back is no failure. */
function ignoreAbort(error: unknown): void {
  if ((error as { name?: unknown }).name !== 'AbortError') throw error
}
