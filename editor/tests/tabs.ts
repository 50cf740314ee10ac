/** What tabs of one browser share, in one process: locks that are given in order, and channels. */

import type { Tabs } from '../src/api/shared'

type Wish = { grant: () => void }

class Locks {
  private readonly held = new Map<string, Wish[]>()

  readonly request = (async (name: string, options: LockOptions, work: LockGrantedCallback<unknown>) => {
    const line = this.held.get(name)
    if (line && options.ifAvailable) return work(null)
    if (line) await this.turn(line, options.signal)
    else this.held.set(name, [])
    try {
      return await work({ name, mode: 'exclusive' })
    } finally {
      this.leave(name)
    }
  }) as LockManager['request']

  private turn(line: Wish[], signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const wish = { grant: resolve }
      line.push(wish)
      signal?.addEventListener('abort', () => {
        const at = line.indexOf(wish)
        if (at < 0) return
        line.splice(at, 1)
        reject(new DOMException('', 'AbortError'))
      })
    })
  }

  private leave(name: string): void {
    const next = this.held.get(name)?.shift()
    if (next) next.grant()
    else this.held.delete(name)
  }
}

type Channel = ReturnType<Tabs['channel']>

export function tabsOfOneBrowser(): Tabs {
  const open = new Map<string, Set<Channel>>()
  const channel = (name: string): Channel => {
    const all = open.get(name) ?? new Set()
    open.set(name, all)
    const made: Channel = {
      onmessage: null,
      postMessage: (data: unknown) => {
        for (const other of all)
          if (other !== made) other.onmessage?.call(other as BroadcastChannel, new MessageEvent('message', { data }))
      },
      close: () => void all.delete(made),
    }
    all.add(made)
    return made
  }
  return { locks: new Locks(), channel }
}
