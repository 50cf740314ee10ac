/** The moments of one execution, read from the beginning of its journal when one first looks back. */

import type { ServerEvent } from '../api/events'
import { follow } from '../api/follow'
import type { Execution, StepNews } from '../api/types'
import { Store } from '../app/store'
import { beginning, withNews } from './moments'
import type { Moment } from './moments'

export class Past extends Store<{ moments: readonly Moment[] }> {
  private readonly over = new AbortController()
  private isBegun = false
  private told: readonly Moment[] = []

  constructor(private readonly executionId: string) {
    super({ moments: [] })
  }

  /** May be called again. */
  begin(execution: Execution): void {
    if (this.isBegun) return
    this.isBegun = true
    this.told = [beginning(execution)]
    this.set({ moments: this.told })
    void follow(
      this.executionId,
      { onEvent: (event) => this.heard(event), onConnection: () => {} },
      this.over.signal,
      '0',
    )
  }

  close(): void {
    this.over.abort()
  }

  private heard(event: ServerEvent): void {
    if (event.name !== 'step') return
    // They come thick: the page takes them in once for each picture.
    if (this.told === this.get().moments) requestAnimationFrame(() => this.set({ moments: this.told }))
    this.told = withNews(this.told, JSON.parse(event.data) as StepNews)
  }
}
