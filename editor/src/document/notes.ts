/**
 * Notes on the canvas: text in coloured cards that lie behind the steps. They are no steps: nothing leads to them, they lie
 * in no container, and nothing that runs looks at them.
 */

import { GRID_PX } from './geometry'
import type { Rect, Size } from './geometry'
import type { Graph, Note, Point } from './graph'

/** The bounds of the server, which warns of what is beyond them. */
export const NOTES_MAX = 200
export const NOTE_CHARS_MAX = 4_000
export const STEP_NOTE_CHARS_MAX = 2_000
export const SIDE_PX_MAX = 4_000
/** Smaller ones could not be read. */
export const NOTE_MIN: Size = { width: 96, height: 56 }
/** Of a note that says nothing of its size. */
export const NOTE_SIZE: Size = { width: 240, height: 120 }

export const NOTE_COLORS = ['yellow', 'blue', 'green', 'red', 'violet', 'gray'] as const
export type NoteColor = (typeof NOTE_COLORS)[number]

const NAME_CHARS_MAX = 40
const BEFORE_ID = 'note/'

/** What a note is called among all that can be selected on the canvas: no step has such an id. */
export function noteKey(id: string): string {
  return BEFORE_ID + id
}

/** The note that is called so on the canvas. */
export function noteAt(graph: Graph, key: string): Note | undefined {
  if (!key.startsWith(BEFORE_ID)) return undefined
  const id = key.slice(BEFORE_ID.length)
  return graph.notes.find((note) => note.id === id)
}

export function isNoteKey(key: string): boolean {
  return key.startsWith(BEFORE_ID)
}

/** Its first line, for lists and announcements. */
export function noteName({ text }: Note): string {
  const [line = ''] = text.trim().split('\n')
  if (line === '') return 'Empty note'
  return line.length > NAME_CHARS_MAX ? `${line.slice(0, NAME_CHARS_MAX)}…` : line
}

export function colorOf({ color }: Note): NoteColor {
  return NOTE_COLORS.find((known) => known === color) ?? 'yellow'
}

export function noteSize({ size }: Note): Size {
  return fittingSize({ ...NOTE_SIZE, ...(typeof size === 'object' ? size : {}) })
}

export function rectOf(note: Note): Rect {
  return { ...note.position, ...noteSize(note) }
}

/** The nearest size that a note may have, on the grid. */
export function fittingSize({ width, height }: Size): Size {
  const side = (value: unknown, least: number, otherwise: number) => {
    const px = typeof value === 'number' && Number.isFinite(value) ? value : otherwise
    return Math.min(SIDE_PX_MAX, Math.max(least, Math.round(px / GRID_PX) * GRID_PX))
  }
  return {
    width: side(width, NOTE_MIN.width, NOTE_SIZE.width),
    height: side(height, NOTE_MIN.height, NOTE_SIZE.height),
  }
}

/** A new note of that id, its middle at a point. */
export function newNote(id: string, middle: Point): Note {
  const { width, height } = NOTE_SIZE
  const round = (value: number) => Math.round(value / GRID_PX) * GRID_PX
  const position = { x: round(middle.x - width / 2), y: round(middle.y - height / 2) }
  return { id, text: '', position, size: { width, height }, color: 'yellow' }
}

export function addNote(graph: Graph, note: Note): Graph {
  return { ...graph, notes: [...graph.notes, note] }
}

export function updateNote(graph: Graph, id: string, change: (note: Note) => Note): Graph {
  return { ...graph, notes: graph.notes.map((note) => (note.id === id ? change(note) : note)) }
}

export function keysOf(notes: readonly Note[]): string[] {
  return notes.map((note) => noteKey(note.id))
}

/** Steps and notes in words, such as `2 steps and a note`. */
export function counted(keys: Iterable<string>): string {
  const all = [...keys]
  const notes = all.filter(isNoteKey).length
  const words = (count: number, one: string) => (count === 0 ? [] : [count === 1 ? `a ${one}` : `${count} ${one}s`])
  return [...words(all.length - notes, 'step'), ...words(notes, 'note')].join(' and ') || '0 steps'
}
