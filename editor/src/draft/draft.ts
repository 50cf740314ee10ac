/** One draft being edited: its history, what the server said of it, and whether that has it. */

import { Store } from '../app/store'
import { ApiError } from '../api/client'
import type { Problem, Saved, Workflow } from '../api/types'
import { read, write } from '../document/codec'
import type { Graph } from '../document/graph'
import { begin, change, redo, settle, undo } from '../document/history'
import type { History } from '../document/history'
import { equal } from '../document/equal'
import * as journal from './journal'

export type SaveState =
  | { kind: 'saved' | 'changed' | 'saving' }
  /** It is tried again; `error` says what came in between. */
  | { kind: 'waiting' | 'refused'; error: ApiError }
  /** The server has another revision, `theirs`; both were made from `base`, if that is known. */
  | { kind: 'conflict'; theirs: Workflow; base: Graph | null }

export interface DraftState {
  /** What people call the workflow: of the whole, so that it is no step of the history. */
  name: string
  history: History
  revision: number
  published: number | null
  problems: readonly Problem[]
  ports: Readonly<Record<string, readonly string[]>>
  save: SaveState
}

/** What a draft needs of the server. */
export interface Server {
  /** Where nothing can be saved, what an earlier tab left stays where it is. */
  readonly isReadOnly?: boolean
  save(revision: number, document: Record<string, unknown>): Promise<Saved>
  read(): Promise<Workflow>
}

/** After the last change; typing goes on meanwhile. */
const SAVE_AFTER_MS = 500
const KEEP_AFTER_MS = 100
/** Signed out, changed elsewhere, too many at a time: none of it stays so. */
const PASSING: readonly number[] = [401, 412, 429]
const AGAIN_AFTER_MS = [1_000, 2_000, 5_000, 10_000]

export class Draft extends Store<DraftState> {
  readonly id: string
  /** What the server had at `revision`, if that is known. */
  private base: Graph | null
  private timer: ReturnType<typeof setTimeout> | undefined
  private keeping: ReturnType<typeof setTimeout> | undefined
  private failures = 0
  private running: Promise<void> | null = null
  private isClosed = false

  constructor(
    workflow: Workflow,
    private readonly server: Server,
  ) {
    super({
      name: workflow.name,
      history: begin(read(workflow.graph)),
      revision: workflow.revision,
      published: workflow.published,
      problems: workflow.problems ?? [],
      ports: workflow.ports,
      save: { kind: 'saved' },
    })
    this.base = this.graph
    this.id = workflow.id
    this.takeUp(workflow)
  }

  get name(): string {
    return this.get().name
  }

  get graph(): Graph {
    return this.get().history.present
  }

  /** Does something to the document; see `change` of the history for `run`. */
  change(label: string, command: (graph: Graph) => Graph, run: string | null = null): void {
    this.setHistory(change(this.get().history, label, command(this.graph), run))
  }

  undo(): void {
    this.setHistory(undo(this.get().history))
  }

  redo(): void {
    this.setHistory(redo(this.get().history))
  }

  settle(): void {
    this.set({ history: settle(this.get().history) })
  }

  setName(name: string): void {
    this.set({ name })
  }

  setPublished(number: number): void {
    this.set({ published: number })
  }

  /** Goes on from what the other one saved; one's own is one undo away. */
  takeTheirs(): void {
    const { save, history } = this.get()
    if (save.kind !== 'conflict') return
    const { theirs } = save
    const taken = change(history, 'Take the other version', read(theirs.graph))
    this.base = taken.present
    this.set({ history: taken, revision: theirs.revision, ports: theirs.ports, save: { kind: 'saved' } })
    journal.drop(this.id)
    void this.saveNow()
  }

  /** Saves what was made of both; one's own is one undo away. */
  takeMerged(merged: Graph): void {
    const { save, history } = this.get()
    if (save.kind !== 'conflict') return
    this.set({ history: change(history, 'Merge with the other version', merged) })
    this.keepMine()
  }

  /** Saves one's own over what the other one saved. */
  keepMine(): void {
    const { save } = this.get()
    if (save.kind !== 'conflict') return
    this.base = read(save.theirs.graph)
    this.set({ revision: save.theirs.revision, save: { kind: 'changed' } })
    void this.saveNow()
  }

  /** Saves what is not saved, and waits for it; tells whether the server has everything. */
  async flush(): Promise<boolean> {
    await this.running
    if (this.get().save.kind !== 'saved') await this.saveNow()
    return this.get().save.kind === 'saved'
  }

  /** Keeps what is not saved, and stops. */
  close(): void {
    this.isClosed = true
    clearTimeout(this.timer)
    this.keepNow()
  }

  keepNow(): void {
    clearTimeout(this.keeping)
    const { save, revision } = this.get()
    if (save.kind === 'saved' || save.kind === 'conflict') return
    journal.keep(this.id, { revision, document: write(this.graph), base: this.base && write(this.base) })
  }

  saveNow(): Promise<void> {
    clearTimeout(this.timer)
    this.running ??= this.save().finally(() => (this.running = null))
    return this.running
  }

  /** What an earlier tab could not save. */
  private takeUp(workflow: Workflow): void {
    const left = journal.unsaved(this.id)
    if (!left || this.server.isReadOnly) return
    if (equal(left.document, workflow.graph)) return journal.drop(this.id)
    const history = change(this.get().history, 'Take up what was not saved', read(left.document))
    this.set({ history })
    if (left.revision === workflow.revision) return this.changed()
    this.base = left.base ? read(left.base) : null
    this.set({ save: { kind: 'conflict', theirs: workflow, base: this.base } })
  }

  private setHistory(history: History): void {
    const isSame = history.present === this.graph
    this.set({ history })
    if (!isSame) this.changed()
  }

  private changed(): void {
    clearTimeout(this.keeping)
    this.keeping = setTimeout(() => this.keepNow(), KEEP_AFTER_MS)
    if (this.get().save.kind === 'conflict') return
    if (this.get().save.kind !== 'saving') this.set({ save: { kind: 'changed' } })
    this.saveAfter(SAVE_AFTER_MS)
  }

  private saveAfter(ms: number): void {
    clearTimeout(this.timer)
    if (!this.isClosed) this.timer = setTimeout(() => void this.saveNow(), ms)
  }

  private async save(): Promise<void> {
    const sent = this.graph
    const document = write(sent)
    this.set({ save: { kind: 'saving' } })
    try {
      const saved = await this.server.save(this.get().revision, document)
      this.accept(saved, sent)
    } catch (error) {
      await this.refused(ApiError.of(error), document, sent)
    }
  }

  private accept(saved: Saved, sent: Graph): void {
    this.failures = 0
    this.base = sent
    const isAll = this.graph === sent
    this.set({ ...saved, save: { kind: isAll ? 'saved' : 'changed' } })
    if (isAll) {
      clearTimeout(this.keeping)
      journal.drop(this.id)
    } else {
      this.keepNow()
      this.saveAfter(SAVE_AFTER_MS)
    }
  }

  private async refused(error: ApiError, document: Record<string, unknown>, sent: Graph): Promise<void> {
    if (error.status === 412) {
      const theirs = await this.server.read().catch(() => null)
      // The answer of an earlier try was lost, and it had worked.
      if (theirs && equal(theirs.graph, document)) {
        return this.accept({ revision: theirs.revision, problems: [...this.get().problems], ports: theirs.ports }, sent)
      }
      if (theirs) return this.set({ save: { kind: 'conflict', theirs, base: this.base } })
    }
    const isPassing = error.isOffline || error.status >= 500 || PASSING.includes(error.status)
    this.set({ save: { kind: isPassing ? 'waiting' : 'refused', error } })
    this.keepNow()
    if (!isPassing) return
    this.saveAfter(AGAIN_AFTER_MS[Math.min(this.failures, AGAIN_AFTER_MS.length - 1)] ?? 0)
    this.failures += 1
  }
}
