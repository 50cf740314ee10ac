/** Follows one execution, or what changes in a workspace, live; comes back after a lost connection where it was. */

import { EventParser } from './events'
import type { ServerEvent } from './events'
import { auth } from './session'

/** Silence after which a stream counts as dead: the server sends something each 15 s. */
const SILENCE_MS_MAX = 20_000
const BACK_AFTER_MS = [500, 1_000, 2_000, 5_000]

/** `crowded` is where other tabs have all streams that there may be. */
export type Connection = 'connecting' | 'live' | 'lost' | 'crowded'

export interface Follower {
  onEvent: (event: ServerEvent) => void
  onConnection: (connection: Connection) => void
}

/** One execution; begins after the event `last`, else with how it stands. */
export const follow = (executionId: string, follower: Follower, signal: AbortSignal, last: string | null = null) =>
  followAt(`/executions/${executionId}/events`, follower, signal, last)

/** What changes in the workspace that is looked at; begins after the event `last`, else now. */
export const followWorkspace = (follower: Follower, signal: AbortSignal, last: string | null = null) =>
  followAt('/stream', follower, signal, last)

/** Ends with the event `end`, or when `signal` is aborted. */
async function followAt(path: string, follower: Follower, signal: AbortSignal, last: string | null): Promise<void> {
  let failures = 0
  const take = (event: ServerEvent) => {
    failures = 0
    last = event.id ?? last
    follower.onEvent(event)
    return event.name === 'end'
  }
  while (!signal.aborted) {
    follower.onConnection(failures === 0 ? 'connecting' : 'lost')
    const ended = await read(path, last, take, follower, signal).catch(() => false)
    if (ended) return
    const wait = BACK_AFTER_MS[Math.min(failures, BACK_AFTER_MS.length - 1)] ?? 0
    failures += 1
    await pause(wait, signal)
  }
}

async function read(
  path: string,
  last: string | null,
  take: (event: ServerEvent) => boolean,
  follower: Follower,
  signal: AbortSignal,
): Promise<boolean> {
  const silent = new AbortController()
  const both = AbortSignal.any([signal, silent.signal])
  let timer = setTimeout(() => silent.abort(), SILENCE_MS_MAX)
  try {
    const headers = { accept: 'text/event-stream', ...auth(), ...(last ? { 'last-event-id': last } : {}) }
    const response = await fetch(`/api/v1${path}`, { headers, signal: both })
    if (!response.ok || !response.body) return false
    follower.onConnection('live')
    const parser = new EventParser()
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return false
      clearTimeout(timer)
      timer = setTimeout(() => silent.abort(), SILENCE_MS_MAX)
      if (parser.feed(value).map(take).includes(true)) return true
    }
  } finally {
    clearTimeout(timer)
    silent.abort()
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })
}
