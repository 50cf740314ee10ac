/** What a person does to a draft: commands with labels, the selection that they leave, and what is said of them. */

import type { Simulated, Tested } from '../api/trying'
import type { Execution } from '../api/types'
import type { Catalogue } from '../app/catalogue'
import { Store } from '../app/store'
import type { Edits, Selection } from '../canvas/canvas'
import { noMarks } from '../canvas/marks'
import type { CanvasView } from '../canvas/view'
import type { Draft } from '../draft/draft'
import { asText, cornerOf, paste, pasted, pieceOf } from '../document/clipboard'
import * as commands from '../document/commands'
import { extentOf, fitted, freePlace } from '../document/geometry'
import type { Kinds } from '../document/geometry'
import { labelOf, nameOf, nodeById } from '../document/graph'
import type { EdgeData, Graph, NodeData, Point } from '../document/graph'
import { tidied } from '../document/layout'
import { colorOf, counted, keysOf, noteAt, noteName } from '../document/notes'
import { pinAll, pinOf, pinnedOf, withPinned } from '../document/pinned'
import type { Pinned } from '../document/pinned'
import { objection } from '../document/rules'
import type { Wish } from '../document/rules'
import { say } from '../ui/toast'
import { moved } from './moving'
import { Noting } from './noting'
import { NOTE_ITEM } from './palette-items'
import { placed } from './placing'
import type { Where } from './placing'

export type Panel = 'palette' | 'outline'
export type InspectorTab = 'config' | 'policy' | 'test' | 'json'
export type Asking =
  | { what: 'insert'; where: Where }
  | { what: 'find' | 'help' | 'merge' | 'publish' | 'rename' | 'run' | 'try' | 'versions' }
  | null

export interface EditingState {
  selection: Selection
  asking: Asking
  panel: Panel
  tab: InspectorTab
  /** What screen readers are told. */
  heard: string
  /** An execution whose data one works with. */
  basis: Execution | null
  /** A request that a hook heard: one works with it where no execution is chosen. */
  sample: { trigger: string; input: unknown } | null
  /** What the draft of that revision came to without any effect. */
  simulated: { revision: number; result: Simulated } | null
  /** What steps came to when they were tested last, by node. */
  tested: ReadonlyMap<string, Tested>
}

const NO_SELECTION: Selection = { nodes: new Set(), edges: new Set() }

export class Editing extends Store<EditingState> implements Edits {
  readonly marks = noMarks()
  readonly notes = new Noting(this)
  view: CanvasView | null = null
  /** The graph that the selection was looked through for. */
  private seen: Graph | null = null
  /** What was copied last: pasted in the same tab, its secrets and pinned data come along. */
  private copied: { text: string; graph: Graph } | null = null

  constructor(
    readonly draft: Draft,
    readonly catalogue: Catalogue,
    readonly isReadOnly: boolean,
  ) {
    super({
      selection: NO_SELECTION,
      asking: null,
      panel: 'palette',
      tab: 'config',
      heard: '',
      basis: null,
      sample: null,
      simulated: null,
      tested: new Map(),
    })
    draft.subscribe(() => this.dropGone())
  }

  get graph(): Graph {
    return this.draft.graph
  }

  get kinds(): Kinds {
    return this.catalogue.kinds(this.draft.get().ports)
  }

  /** The one node or note that is selected, if it is one. */
  get chosen(): string | null {
    const { nodes } = this.get().selection
    return nodes.size === 1 ? ([...nodes][0] ?? null) : null
  }

  /** The one step that is selected, if it is one. */
  get chosenStep(): string | null {
    return nodeById(this.graph, this.chosen ?? '')?.id ?? null
  }

  readonly select = (selection: Selection): void => {
    const before = this.chosen
    this.set({ selection })
    if (this.chosen !== before) this.set({ tab: 'config' })
  }

  choose(id: string): void {
    const [node, note] = [nodeById(this.graph, id), noteAt(this.graph, id)]
    if (!node && !note) return
    this.draft.settle()
    this.select({ nodes: new Set([id]), edges: new Set() })
    this.view?.reveal(id)
    if (node) this.hear(`${labelOf(node)}, ${this.catalogue.titleOf(node.type)}`)
    if (note) this.hear(`Note, ${colorOf(note)}: ${noteName(note)}`)
  }

  chooseEdge(id: string): void {
    this.set({ selection: { nodes: new Set(), edges: new Set([id]) } })
  }

  goTo(id: string): void {
    this.choose(id)
    this.view?.show(id)
  }

  ask(asking: Asking): void {
    this.set({ asking })
  }

  hear(words: string): void {
    this.set({ heard: words })
  }

  objection(wish: Wish): string | null {
    return objection(this.graph, wish, this.catalogue)
  }

  connect(wish: Wish): void {
    const why = this.objection(wish)
    if (why) return this.refused(why)
    const [source, target] = [this.named(wish.source), this.named(wish.target)]
    this.change(`Connect ${source} to ${target}`, (graph) => commands.addEdge(graph, wish))
    this.hear(`${source} leads to ${target}`)
  }

  refused(reason: string): void {
    if (reason) say(reason, 'wrong')
  }

  connectToNew(from: Omit<Wish, 'target'>, at: Point): void {
    this.ask({ what: 'insert', where: { at, from } })
  }

  readonly insertOn = (edgeId: string): void => this.ask({ what: 'insert', where: { edgeId } })

  readonly insertAt = (at: Point): void => this.ask({ what: 'insert', where: { at } })

  drop(type: string, at: Point): void {
    this.insert(type, { at })
  }

  /** Adds a node of a type there, connects it as it says, and selects it; or a note. */
  insert(type: string, where: Where): void {
    if (type === NOTE_ITEM.name) return this.notes.add(where.at)
    const made = placed(this.graph, type, where, this.catalogue, this.kinds, this.view?.middle() ?? { x: 0, y: 0 })
    this.change(`Add ${made.label}`, () => fitted(made.graph, this.kinds))
    this.set({ asking: null })
    this.choose(made.id)
    this.hear(`${made.label} added`)
  }

  move(places: ReadonlyMap<string, Point>): void {
    const { graph, label } = moved(this.graph, places, this.kinds, this.catalogue)
    if (graph === this.graph) return
    const cut = this.graph.edges.length - graph.edges.length
    this.change(label, () => graph)
    if (cut > 0)
      say(`${label}: ${cut} ${cut === 1 ? 'edge' : 'edges'} across the wall removed. Ctrl-Z brings back what was.`)
  }

  nudge(x: number, y: number): void {
    const places = new Map<string, Point>()
    for (const id of this.get().selection.nodes) {
      const drawn = nodeById(this.graph, id) ?? noteAt(this.graph, id)
      if (drawn) places.set(id, { x: drawn.position.x + x, y: drawn.position.y + y })
    }
    if (places.size === 0) return
    this.change(`Move ${this.count(places.keys())}`, (graph) => commands.move(graph, places), 'nudge')
  }

  remove(): void {
    const { nodes, edges } = this.get().selection
    if (nodes.size + edges.size === 0) return
    const id = this.chosen
    const what = nodes.size > 0 ? this.count(nodes) : edges.size === 1 ? 'an edge' : `${edges.size} edges`
    const isOne = id !== null && edges.size === 0
    this.change(`Delete ${what}`, (graph) =>
      isOne ? commands.removeAndBridge(graph, id) : commands.remove(graph, nodes, edges),
    )
    this.set({ selection: NO_SELECTION })
    this.hear(`Deleted ${what}`)
  }

  copy(): string | null {
    const { nodes } = this.get().selection
    if (nodes.size === 0) return null
    const graph = pieceOf(this.graph, nodes)
    this.copied = { text: asText(graph), graph }
    return this.copied.text
  }

  paste(text: string): void {
    const piece = this.copied?.text === text ? this.copied.graph : pasted(text)
    if (!piece) return this.refused('What was copied is no part of a workflow.')
    const middle = this.view?.middle() ?? { x: 0, y: 0 }
    // On nothing that is there, nor on what was pasted a moment ago.
    const size = extentOf(piece, piece.nodes, this.kinds)
    const at = piece.nodes.length > 0 ? freePlace(this.graph, undefined, middle, size, this.kinds) : middle
    this.put(piece, at, `Paste ${counted(allOf(piece))}`)
  }

  duplicate(): void {
    const piece = pieceOf(this.graph, this.get().selection.nodes)
    const keys = allOf(piece)
    if (keys.length === 0) return
    const { x, y } = cornerOf([...piece.nodes, ...piece.notes])
    this.put(piece, { x: x + 32, y: y + 96 }, `Duplicate ${this.count(keys)}`)
  }

  tidy(): void {
    this.change('Tidy up', (graph) => tidied(graph, this.kinds))
    requestAnimationFrame(() => this.view?.fit())
    this.hear('Tidied up')
  }

  selectAll(): void {
    this.set({ selection: { nodes: new Set(allOf(this.graph)), edges: new Set() } })
  }

  updateNode(id: string, label: string, change: (data: NodeData) => NodeData, run: string): void {
    if (this.isReadOnly) return this.readOnly()
    this.draft.change(label, (graph) => commands.updateNode(graph, id, change), `${id} ${run}`)
  }

  updateEdge(id: string, label: string, change: (data: EdgeData) => EdgeData, run: string | null = null): void {
    if (this.isReadOnly) return this.readOnly()
    this.draft.change(label, (graph) => commands.setEdgeData(graph, id, change), run && `${id} ${run}`)
  }

  rename(id: string, next: string): void {
    this.change(`Name ${id} ${next}`, (graph) => commands.renameNode(graph, id, next))
    this.set({ selection: { nodes: new Set([next]), edges: new Set() } })
  }

  pin(id: string, pinned: Pinned | null, run: string | null = null): void {
    if (this.isReadOnly) return this.readOnly()
    const label = `${pinned ? 'Pin' : 'Unpin'} ${this.named(id)}`
    this.draft.change(
      label,
      (graph) => commands.updateNode(graph, id, (data) => withPinned(data, pinned)),
      run && `${id} ${run}`,
    )
    if (run === null) this.hear(pinned ? `${this.named(id)} is pinned` : `${this.named(id)} is not pinned any more`)
  }

  /** Unpins the step that is chosen, or pins what it gave when it was tested. */
  flipPin(): void {
    const node = nodeById(this.graph, this.chosen ?? '')
    if (!node) return
    const tested = this.get().tested.get(node.id)
    if (pinnedOf(node)) return this.pin(node.id, null)
    if (tested?.status !== 'completed') return this.refused('Test the step first: what it gives can be pinned.')
    this.pin(node.id, pinOf(tested))
  }

  pinAll(outputs: ReadonlyMap<string, Pinned>): void {
    this.change(`Pin ${counted(outputs.keys())}`, (graph) => pinAll(graph, outputs))
    this.hear(`Pinned ${counted(outputs.keys())}`)
  }

  takeSample(trigger: string, input: unknown): void {
    this.set({ sample: { trigger, input } })
    this.hear(`${this.named(trigger)} heard a request`)
  }

  showSimulated(result: Simulated): void {
    this.set({ simulated: { revision: this.draft.get().revision, result } })
    this.hear(`Simulated: ${result.status}`)
  }

  showTested(id: string, tested: Tested): void {
    this.set({ tested: new Map([...this.get().tested, [id, tested]]) })
    this.hear(`${this.named(id)}: ${tested.status}`)
  }

  takeOver(graph: Graph, number: number): void {
    this.change(`Take over version ${number}`, () => graph)
    this.set({ selection: NO_SELECTION })
  }

  undo(): void {
    const [last] = this.draft.get().history.past.slice(-1)
    this.draft.undo()
    if (last) this.hear(`Undone: ${last.label}`)
  }

  redo(): void {
    const [next] = this.draft.get().history.future
    this.draft.redo()
    if (next) this.hear(`Done again: ${next.label}`)
  }

  named(id: string): string {
    const note = noteAt(this.graph, id)
    if (!note) return nameOf(this.graph, id)
    return note.text.trim() === '' ? 'an empty note' : `the note “${noteName(note)}”`
  }

  private put(piece: Graph, at: Point, label: string): void {
    if (!this.notes.fits(piece.notes.length)) return
    const result = paste(this.graph, piece, at)
    this.change(label, () => result.graph)
    this.set({ selection: { nodes: new Set(result.added), edges: new Set() } })
  }

  change(label: string, command: (graph: Graph) => Graph, run: string | null = null): void {
    if (this.isReadOnly) return this.readOnly()
    this.draft.change(label, command, run)
  }

  /** What an undo, or somebody else, has taken away is selected no more: else what is clicked next would join it. */
  private dropGone(): void {
    const { nodes, edges } = this.get().selection
    if (this.graph === this.seen) return
    this.seen = this.graph
    if (nodes.size + edges.size === 0) return
    const [keys, ids] = [new Set(allOf(this.graph)), new Set(this.graph.edges.map((edge) => edge.id))]
    const left = {
      nodes: new Set([...nodes].filter((key) => keys.has(key))),
      edges: new Set([...edges].filter((id) => ids.has(id))),
    }
    if (left.nodes.size < nodes.size || left.edges.size < edges.size) this.set({ selection: left })
  }

  private readOnly(): void {
    say('This is for looking only: sign in to change it.', 'wrong')
  }

  /** One thing by its name, several by their number. */
  private count(keys: Iterable<string>): string {
    const all = [...keys]
    return all.length === 1 && all[0] !== undefined ? this.named(all[0]) : counted(all)
  }
}

/** Ids of steps, and keys of notes. */
function allOf({ nodes, notes }: Graph): string[] {
  return [...nodes.map((node) => node.id), ...keysOf(notes)]
}
