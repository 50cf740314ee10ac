/** State outside of React: components select what they show, and draw again only when that changes. */

import { useSyncExternalStore } from 'react'

export class Store<T extends object> {
  private readonly listeners = new Set<() => void>()

  constructor(private state: T) {}

  readonly get = (): T => this.state

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  set(change: Partial<T>): void {
    this.state = { ...this.state, ...change }
    for (const listener of [...this.listeners]) listener()
  }
}

/** `select` gives a part of the state, not something new each time. */
export function useStore<T extends object, S>(store: Store<T>, select: (state: T) => S): S {
  return useSyncExternalStore(store.subscribe, () => select(store.get()))
}
