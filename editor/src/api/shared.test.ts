import { expect, test } from 'vitest'

import { tabsOfOneBrowser } from '../../tests/tabs'
import type { ServerEvent } from './events'
import type { Connection, Follower } from './follow'
import { STREAMS_MAX, followTogether, followWorkspaceTogether } from './shared'

/** The streams that are open, each of which the test makes tell something, or ends. */
class Streams {
  readonly open: { id: string; last: string | null; follower: Follower }[] = []

  readonly stream = (id: string, follower: Follower, signal: AbortSignal, last: string | null = null) => {
    const one = { id, last, follower }
    this.open.push(one)
    follower.onConnection('live')
    return new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        this.open.splice(this.open.indexOf(one), 1)
        resolve()
      })
    })
  }
}

class Tab {
  readonly heard: string[] = []
  connection: Connection | null = null
  private readonly closing = new AbortController()
  readonly done: Promise<void>

  constructor(id: string, tabs: ReturnType<typeof tabsOfOneBrowser>, streams: Streams) {
    const follower: Follower = {
      onEvent: ({ name, id: at }: ServerEvent) => this.heard.push(at === null ? name : `${name} ${at}`),
      onConnection: (connection) => (this.connection = connection),
    }
    this.done = followTogether(id, follower, this.closing.signal, tabs, streams.stream)
  }

  async close(): Promise<void> {
    this.closing.abort()
    await this.done
    await turns()
  }
}

/** Lets all that is ready happen. */
const turns = () => new Promise((resolve) => setImmediate(resolve))
const event = (name: string, id: string | null): ServerEvent => ({ name, id, data: '{}' })

test('tabs that watch one execution share one stream, and the next one reads on when a tab is closed', async () => {
  const [tabs, streams] = [tabsOfOneBrowser(), new Streams()]
  const first = new Tab('e', tabs, streams)
  await turns()
  const second = new Tab('e', tabs, streams)
  await turns()
  expect(streams.open.map(({ id, last }) => [id, last])).toEqual([['e', null]])
  // Who joins later has missed something.
  expect([second.connection, second.heard]).toEqual(['live', ['resync']])

  streams.open[0]?.follower.onEvent(event('step', '4'))
  expect([first.heard, second.heard]).toEqual([['step 4'], ['resync', 'step 4']])

  await first.close()
  expect(streams.open.map(({ last }) => last)).toEqual(['4'])
  streams.open[0]?.follower.onEvent(event('step', '5'))
  expect(second.heard).toEqual(['resync', 'step 4', 'step 5'])
  expect(first.heard).toEqual(['step 4'])
  await second.close()
  expect(streams.open).toEqual([])
})

test('the end is heard by all tabs, and none reads on', async () => {
  const [tabs, streams] = [tabsOfOneBrowser(), new Streams()]
  const all = [new Tab('e', tabs, streams), new Tab('e', tabs, streams), new Tab('e', tabs, streams)]
  await turns()
  streams.open[0]?.follower.onEvent(event('end', '9'))
  await Promise.all(all.map((tab) => tab.done))
  expect(all.map((tab) => tab.heard.at(-1))).toEqual(['end 9', 'end 9', 'end 9'])
  expect(streams.open).toEqual([])
})

test('only some streams are open; a tab without one says so, and gets the next that is free', async () => {
  const [tabs, streams] = [tabsOfOneBrowser(), new Streams()]
  const seated = Array.from({ length: STREAMS_MAX }, (_, at) => new Tab(`e${at}`, tabs, streams))
  await turns()
  const late = [new Tab('late', tabs, streams), new Tab('later', tabs, streams)]
  await turns()
  expect(streams.open).toHaveLength(STREAMS_MAX)
  expect(late.map((tab) => tab.connection)).toEqual(['crowded', 'crowded'])
  await seated[1]?.close()
  expect(streams.open.map(({ id }) => id)).toEqual(['e0', 'e2', 'late'])
  expect(late.map((tab) => tab.connection)).toEqual(['live', 'crowded'])
  await late[0]?.close()
  expect(late[1]?.connection).toBe('live')
})

test('without locks each tab has a stream of its own', async () => {
  const streams = new Streams()
  const closing = new AbortController()
  const follower = { onEvent: () => {}, onConnection: () => {} }
  const both = [1, 2].map(() => followTogether('e', follower, closing.signal, null, streams.stream))
  expect(streams.open).toHaveLength(2)
  closing.abort()
  await Promise.all(both)
})

test('a workspace has one stream for all tabs of a person, beside those of executions, and the next tab reads on', async () => {
  const [tabs, streams] = [tabsOfOneBrowser(), new Streams()]
  const seated = Array.from({ length: STREAMS_MAX }, (_, at) => new Tab(`e${at}`, tabs, streams))
  await turns()
  const listen = (name: string) => {
    const [heard, closing] = [[] as string[], new AbortController()]
    const follower: Follower = { onEvent: ({ name }) => heard.push(name), onConnection: () => {} }
    const done = followWorkspaceTogether(name, follower, closing.signal, tabs, (loud, over, last = null) =>
      streams.stream(name, loud, over, last),
    )
    return { heard, close: () => (closing.abort(), done) }
  }
  const [first, second, other] = [listen('acme.ada'), listen('acme.ada'), listen('acme.bob')]
  await turns()
  const open = () => streams.open.slice(STREAMS_MAX).map(({ id, last }) => [id, last])
  expect(open()).toEqual([
    ['acme.ada', null],
    ['acme.bob', null],
  ])
  streams.open[STREAMS_MAX]?.follower.onEvent(event('lead', '1.5.7:7:'))
  expect([first.heard, second.heard.at(-1), other.heard]).toEqual([['lead'], 'lead', []])
  await first.close()
  await turns()
  expect(open()).toEqual([
    ['acme.bob', null],
    ['acme.ada', '1.5.7:7:'],
  ])
  await Promise.all([second.close(), other.close(), ...seated.map((tab) => tab.close())])
  expect(streams.open).toEqual([])
})
