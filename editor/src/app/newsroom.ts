/** Who wants to hear of what changes in the workspace, and how often. Without React. */

import type { ServerEvent } from '../api/events'
import type { Connection } from '../api/follow'
import { Store } from './store'

export type Topic = 'execution' | 'lead' | 'record' | 'workflow' | 'approval' | 'alert'

/** News come thick; what they ask for is loaded so long after the first of them, and not more often than that. */
export const AFTER_MS = 150
export const GAP_MS = 2_000
/** How often lists are loaded anyway while news come: some things are not told. */
export const LIVE_EVERY_MS = 30_000
/** Shortest time between two loads where no news come. */
export const DOWN_EVERY_MS = 10_000

/** After these it is not known what was missed: everything is loaded anew. */
const ANEW = ['ready', 'reset', 'resync']

export class Newsroom extends Store<{ connection: Connection | null }> {
  private readonly wishes = new Set<{ topics: readonly Topic[]; hear: () => void }>()

  constructor() {
    super({ connection: null })
  }

  /** Calls `hear` whenever something is new of these topics, until what is answered is called. */
  want(topics: readonly Topic[], hear: () => void): () => void {
    const wish = { topics, hear }
    this.wishes.add(wish)
    return () => void this.wishes.delete(wish)
  }

  readonly onEvent = ({ name }: ServerEvent): void => {
    const isAnew = ANEW.includes(name)
    for (const { topics, hear } of [...this.wishes]) if (isAnew || topics.some((topic) => topic === name)) hear()
  }

  readonly onConnection = (connection: Connection | null): void => {
    if (this.get().connection !== connection) this.set({ connection })
  }
}

/** How often what is `about` something is loaded without being asked for: nothing for news is as it was. */
export function paceOf(everyMs: number, isAboutNews: boolean, connection: Connection | null): number {
  if (everyMs === 0 || !isAboutNews) return everyMs
  return connection === 'live' ? Math.max(everyMs, LIVE_EVERY_MS) : Math.max(everyMs, DOWN_EVERY_MS)
}

/** What runs `work` soon after it is asked, seldom however often, and not while nobody looks: then as soon as somebody does. */
export class Seldom {
  private timer: ReturnType<typeof setTimeout> | undefined
  private ranAt = -Infinity
  private isLeft = false

  constructor(
    private readonly work: () => void,
    private readonly isWatched: () => boolean = () => document.visibilityState === 'visible',
    private readonly now: () => number = () => performance.now(),
  ) {}

  readonly ask = (): void => {
    const wait = Math.max(AFTER_MS, this.ranAt + GAP_MS - this.now())
    this.timer ??= setTimeout(this.run, wait)
  }

  /** Somebody looks again. */
  readonly look = (): void => {
    if (this.isLeft && this.isWatched()) this.ask()
  }

  stop(): void {
    clearTimeout(this.timer)
  }

  private readonly run = (): void => {
    this.timer = undefined
    this.isLeft = !this.isWatched()
    if (this.isLeft) return
    this.ranAt = this.now()
    this.work()
  }
}
