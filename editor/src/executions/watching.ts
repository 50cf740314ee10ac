/** One execution being watched: live as far as the connection lasts, else asked for again and again. */

import * as calls from '../api/calls'
import { ApiError } from '../api/client'
import type { ServerEvent } from '../api/events'
import type { Connection } from '../api/follow'
import { followTogether } from '../api/shared'
import type { Execution, Explanation, StepNews, Workflow } from '../api/types'
import { Store } from '../app/store'
import { read } from '../document/codec'
import { EMPTY } from '../document/graph'
import type { Graph } from '../document/graph'
import { applied, hasEnded, keyOf } from './steps'

export interface WatchingState {
  /** As it was answered last: the page around the canvas shows that, and is drawn no more often. */
  execution: Execution | null
  /** The same, after the news that came since: for what can follow each of them. */
  live: Execution | null
  ports: Workflow['ports']
  graph: Graph
  name: string
  explanation: Explanation | null
  connection: Connection | 'ended'
  error: ApiError | null
}

/** News come thick; the whole answer, with outputs and times, is asked for not more often. */
const WHOLE_AFTER_MS = 400
/** While the live stream is lost, and for what it does not tell. */
const POLL_MS = 2_000

export class Watching extends Store<WatchingState> {
  private readonly over = new AbortController()
  /** What was told since the last picture. */
  private news: StepNews[] = []
  /** What was told and is not in a whole answer yet: the last of each step, in the order in which it happened. */
  private readonly ahead = new Map<string, StepNews>()
  private asked = 0
  private taken = 0
  private whole: ReturnType<typeof setTimeout> | undefined
  private poll: ReturnType<typeof setInterval> | undefined

  constructor(readonly id: string) {
    super({
      execution: null,
      live: null,
      ports: {},
      graph: EMPTY,
      name: '',
      explanation: null,
      connection: 'connecting',
      error: null,
    })
  }

  async begin(): Promise<void> {
    await this.reload()
    const { execution } = this.get()
    if (!execution || this.over.signal.aborted) return
    await this.loadGraph(execution)
    if (hasEnded(execution)) return this.set({ connection: 'ended' })
    this.poll = setInterval(() => this.polled(), POLL_MS)
    const follower = {
      onEvent: (event: ServerEvent) => this.heard(event),
      onConnection: (connection: Connection) => this.set({ connection }),
    }
    await followTogether(this.id, follower, this.over.signal)
  }

  close(): void {
    this.over.abort()
    clearTimeout(this.whole)
    clearInterval(this.poll)
  }

  /** The whole truth; whatever was told live gives way to it, unless it happened later. */
  readonly reload = async (): Promise<void> => {
    const asked = (this.asked += 1)
    try {
      const execution = await calls.execution(this.id)
      // An answer that was overtaken by a later one is an old truth.
      if (this.over.signal.aborted || asked < this.taken) return
      this.taken = asked
      for (const [key, { position }] of this.ahead) if (position <= execution.position) this.ahead.delete(key)
      this.set({ execution, live: applied(execution, this.ahead.values()), error: null })
      if (hasEnded(execution)) this.end()
      else this.set({ explanation: await calls.explain(this.id).catch(() => null) })
    } catch (error) {
      if (!this.over.signal.aborted) this.set({ error: ApiError.of(error) })
    }
  }

  private end(): void {
    clearInterval(this.poll)
    this.set({ connection: 'ended', explanation: null })
  }

  private async loadGraph(execution: Execution): Promise<void> {
    try {
      const workflow = await calls.workflow(execution.workflow_id)
      // What was tried out has no version: the draft is nearest to it.
      const drawn = execution.trial ? workflow : await calls.version(execution.workflow_id, execution.version_id)
      this.set({ ports: drawn.ports, graph: read(drawn.graph), name: workflow.name })
    } catch (error) {
      this.set({ error: ApiError.of(error) })
    }
  }

  private polled(): void {
    if (document.visibilityState !== 'visible') return
    const { connection, execution } = this.get()
    const isQuiet = execution?.status === 'waiting' || execution?.status === 'queued'
    if (connection !== 'live' || isQuiet) void this.reload()
  }

  private heard(event: ServerEvent): void {
    if (event.name === 'step') {
      const news = JSON.parse(event.data) as StepNews
      this.keepAhead(news)
      if (this.news.push(news) === 1) requestAnimationFrame(() => this.takeIn())
      this.whole ??= setTimeout(() => this.askForWhole(), WHOLE_AFTER_MS)
    } else {
      // How it stands, or that it ended, or that something was told before one listened.
      this.askForWhole()
    }
  }

  /** A connection that comes back tells again what was told. */
  private keepAhead(news: StepNews): void {
    const key = keyOf(news)
    const { position } = this.ahead.get(key) ?? this.get().execution ?? news
    if (news.position < position) return
    this.ahead.delete(key)
    this.ahead.set(key, news)
  }

  private takeIn(): void {
    const news = this.news.splice(0)
    const { live } = this.get()
    if (live) this.set({ live: applied(live, news) })
  }

  private askForWhole(): void {
    clearTimeout(this.whole)
    this.whole = undefined
    void this.reload()
  }
}
