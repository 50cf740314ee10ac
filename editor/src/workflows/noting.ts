/** What a person does to notes on the canvas. */

import { Store } from '../app/store'
import type { NoteEdits } from '../canvas/canvas'
import type { Size } from '../document/geometry'
import type { Graph, Point } from '../document/graph'
import { newNoteId, noteIds } from '../document/ids'
import { NOTES_MAX, addNote, fittingSize, newNote, noteAt, noteKey, updateNote } from '../document/notes'
import type { NoteColor } from '../document/notes'
import type { Editing } from './editing'

export class Noting implements NoteEdits {
  readonly writing = new Store<{ id: string | null }>({ id: null })

  constructor(private readonly editing: Editing) {}

  /** Adds an empty note, in the middle of what is seen if no place is told, and begins to write it. */
  add(at?: Point): void {
    const { editing } = this
    if (!this.fits(1)) return
    const id = newNoteId(noteIds(editing.graph))
    const note = newNote(id, at ?? editing.view?.middle() ?? { x: 0, y: 0 })
    editing.change('Add a note', (graph) => addNote(graph, note))
    editing.set({ asking: null })
    if (!noteAt(editing.graph, noteKey(id))) return
    editing.choose(noteKey(id))
    this.begin(id)
    editing.hear('Note added: write its text, Escape goes back to the canvas')
  }

  /** Whether so many more may be there; told if not. */
  fits(more: number): boolean {
    const isFull = more > 0 && this.editing.graph.notes.length + more > NOTES_MAX
    if (isFull) this.editing.refused(`A workflow has at most ${NOTES_MAX} notes.`)
    return !isFull
  }

  begin(id: string): void {
    if (this.editing.isReadOnly) return
    this.editing.draft.settle()
    this.writing.set({ id })
  }

  finish(): void {
    this.editing.draft.settle()
    this.writing.set({ id: null })
  }

  write(id: string, text: string): void {
    this.update('Write a note', id, (graph) => updateNote(graph, id, (note) => ({ ...note, text })), 'text')
  }

  paint(id: string, color: NoteColor): void {
    this.update('Colour a note', id, (graph) => updateNote(graph, id, (note) => ({ ...note, color })), null)
    this.editing.hear(`The note is ${color}`)
  }

  resize(id: string, to: Size): void {
    const size = fittingSize(to)
    this.update('Resize a note', id, (graph) => updateNote(graph, id, (note) => ({ ...note, size })), null)
    this.editing.hear(`The note is ${size.width} by ${size.height}`)
  }

  private update(label: string, id: string, command: (graph: Graph) => Graph, run: string | null): void {
    this.editing.change(label, command, run && `${noteKey(id)} ${run}`)
  }
}
