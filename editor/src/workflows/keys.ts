/** What keys do. Single letters count only while the canvas has the focus. */

import type { ClipboardEvent, KeyboardEvent as ReactKeyboardEvent } from 'react'

import { GRID_PX, placeOf, sizeOf } from '../document/geometry'
import type { Graph, GraphNode } from '../document/graph'
import { keysOf, noteAt, noteKey, rectOf } from '../document/notes'
import type { Editing } from './editing'
import type { Connecting } from './connecting'

export const HELP: [string, string][] = [
  ['Arrows', 'Go from step to step, and to notes'],
  ['Alt-arrows', 'Move what is selected (with Shift: far)'],
  ['A or /', 'Add a step behind the selected one'],
  ['N', 'Add a note; Enter writes the selected one, Escape goes back'],
  ['C', 'Connect the selected step: arrows choose the target, C the port, Enter connects'],
  ['Enter', 'To the fields of the selected step; Escape goes back'],
  ['Delete', 'Delete, and join what is around it'],
  ['Ctrl-Z, Ctrl-Shift-Z', 'Undo, redo'],
  ['Ctrl-C, Ctrl-X, Ctrl-V, Ctrl-D', 'Copy, cut, paste, duplicate'],
  ['Ctrl-A', 'Select all'],
  ['Ctrl-F', 'Find a step'],
  ['Ctrl-K', 'Go to any page, workflow or step, or do something, by typing'],
  ['Ctrl-Enter', 'Publish'],
  ['R', 'Try the draft out'],
  ['Shift-Enter', 'Test the selected step'],
  ['P', 'Pin what the selected step gave in its test, or unpin it'],
  ['T', 'Tidy up'],
  ['F2', 'Rename the workflow'],
  ['O', 'Outline'],
  ['1, +, -', 'Show all, nearer, farther'],
  ['Shift-drag', 'Select several'],
  ['?', 'This list'],
]

type Direction = 'left' | 'right' | 'up' | 'down'
const ARROWS: Record<string, Direction> = { ArrowLeft: 'left', ArrowRight: 'right', ArrowUp: 'up', ArrowDown: 'down' }

/** Keys that work wherever one is on the page. */
export function pageKey(editing: Editing, event: KeyboardEvent): void {
  if (event.key === 'F2' && !editing.isReadOnly && !editing.get().asking) {
    event.preventDefault()
    return editing.ask({ what: 'rename' })
  }
  if (!(event.ctrlKey || event.metaKey) || event.altKey || editing.get().asking) return
  const key = event.key.toLowerCase()
  const isUndo = key === 'z' && !event.shiftKey
  const isRedo = (key === 'z' && event.shiftKey) || key === 'y'
  if (isUndo) editing.undo()
  else if (isRedo) editing.redo()
  else if (key === 'f') editing.ask({ what: 'find' })
  else if (key === 's') void editing.draft.flush()
  else if (key === 'enter') editing.ask({ what: 'publish' })
  else return
  event.preventDefault()
}

/** Keys of the canvas. */
export function canvasKey(editing: Editing, connecting: Connecting, event: ReactKeyboardEvent): void {
  const target = event.target as HTMLElement
  if (target.tagName === 'BUTTON' && (event.key === 'Enter' || event.key === ' ')) return
  const isHandled = event.ctrlKey || event.metaKey ? commandKey(editing, event) : plainKey(editing, connecting, event)
  if (isHandled) event.preventDefault()
}

function commandKey(editing: Editing, event: ReactKeyboardEvent): boolean {
  switch (event.key.toLowerCase()) {
    case 'a':
      editing.selectAll()
      return true
    case 'd':
      editing.duplicate()
      return true
    default:
      return false
  }
}

/** Copying and pasting go through the browser's own events: they need no permission. */
export function copyEvent(editing: Editing, event: ClipboardEvent<HTMLElement>): void {
  const text = editing.copy()
  if (text === null) return
  event.preventDefault()
  event.clipboardData.setData('text/plain', text)
  if (event.type === 'cut') editing.remove()
  else editing.hear('Copied')
}

export function pasteEvent(editing: Editing, event: ClipboardEvent<HTMLElement>): void {
  event.preventDefault()
  editing.paste(event.clipboardData.getData('text/plain'))
}

function plainKey(editing: Editing, connecting: Connecting, event: ReactKeyboardEvent): boolean {
  const direction = ARROWS[event.key]
  if (direction) return arrow(editing, direction, event)
  const { chosenStep: chosen } = editing
  switch (event.key) {
    case 'a':
    case '/':
      editing.ask({ what: 'insert', where: chosen === null ? {} : { after: chosen } })
      return true
    case 'n':
      editing.notes.add()
      return true
    case 'c':
      connecting.begin()
      return true
    case 'r':
      if (!editing.isReadOnly) editing.ask({ what: 'try' })
      return true
    case 'p':
      editing.flipPin()
      return true
    case 'Enter': {
      const note = noteAt(editing.graph, editing.chosen ?? '')
      if (note) editing.notes.begin(note.id)
      if (note) return true
      if (event.shiftKey) editing.set({ tab: 'test' })
      document.querySelector<HTMLElement>('.inspector input, .inspector textarea')?.focus()
      return true
    }
    case 'Escape':
      editing.select({ nodes: new Set(), edges: new Set() })
      return true
    case 'Delete':
    case 'Backspace':
      editing.remove()
      return true
    case 't':
      editing.tidy()
      return true
    case 'o':
      editing.set({ panel: editing.get().panel === 'outline' ? 'palette' : 'outline' })
      return true
    case '1':
      editing.view?.fit()
      return true
    case '+':
      editing.view?.zoomIn()
      return true
    case '-':
      editing.view?.zoomOut()
      return true
    case '?':
      editing.ask({ what: 'help' })
      return true
    default:
      return false
  }
}

function arrow(editing: Editing, direction: Direction, event: ReactKeyboardEvent): boolean {
  if (event.altKey) {
    const far = GRID_PX * (event.shiftKey ? 10 : 1)
    const [x, y] = { left: [-far, 0], right: [far, 0], up: [0, -far], down: [0, far] }[direction] as [number, number]
    editing.nudge(x, y)
    return true
  }
  const from = editing.chosen
  const next = from === null ? first(editing.graph) : neighbour(editing, from, direction)
  if (next !== undefined) editing.choose(next)
  return true
}

function first({ nodes, notes }: Graph): string | undefined {
  return nodes[0]?.id ?? keysOf(notes)[0]
}

/** The nearest step or note on that side; to the right those that it leads to come first, to the left those that lead to it. */
function neighbour(editing: Editing, from: string, direction: Direction): string | undefined {
  const { graph } = editing
  const along = { right: ['source', 'target'], left: ['target', 'source'] } as const
  if (direction === 'left' || direction === 'right') {
    const [near, far] = along[direction]
    const edge = graph.edges.find((found) => found[near] === from)
    if (edge) return edge[far]
  }
  const middle = middles(graph, editing)
  const start = middle.get(from)
  if (!start) return undefined
  const rated = [...middle].flatMap(([id, at]) => {
    const [x, y] = [at.x - start.x, at.y - start.y]
    const ahead = { left: -x, right: x, up: -y, down: y }[direction]
    const aside = Math.abs(direction === 'left' || direction === 'right' ? y : x)
    return id !== from && ahead > 4 ? [{ id, cost: ahead + 2 * aside }] : []
  })
  return rated.sort((a, b) => a.cost - b.cost)[0]?.id
}

function middles(graph: Graph, editing: Editing) {
  const { kinds } = editing
  const middle = (node: GraphNode) => {
    const [place, size] = [placeOf(graph, node), sizeOf(graph, node, kinds)]
    return { x: place.x + size.width / 2, y: place.y + Math.min(size.height, 64) / 2 }
  }
  const notes = graph.notes.map((note) => {
    const { x, y, width, height } = rectOf(note)
    return [noteKey(note.id), { x: x + width / 2, y: y + Math.min(height, 64) / 2 }] as const
  })
  return new Map([...graph.nodes.map((node) => [node.id, middle(node)] as const), ...notes])
}
