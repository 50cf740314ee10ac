/** Graphs that nobody would draw, made by any commands in any order. */

import { edge, graph, node, roles } from './build'
import { asText, paste, pasted, pieceOf } from '../src/document/clipboard'
import * as commands from '../src/document/commands'
import type { Graph } from '../src/document/graph'
import { newNodeId, newNoteId, nodeIds, noteIds } from '../src/document/ids'
import { NOTE_COLORS, addNote, newNote, noteKey, updateNote } from '../src/document/notes'
import { objection } from '../src/document/rules'

export const START = graph(
  [node('start', { type: 'trigger.manual' }), node('a'), node('b')],
  [edge('start', 'a'), edge('a', 'b')],
)

/** Any command on any part of the graph. */
export function randomCommand(of: Graph, below: (limit: number) => number): Graph {
  const pick = () => of.nodes[below(Math.max(1, of.nodes.length))]?.id ?? ''
  const pickNote = () => of.notes[below(Math.max(1, of.notes.length))]?.id ?? ''
  switch (below(14)) {
    case 0:
      return commands.addNode(of, node(newNodeId(nodeIds(of), 'debug.noop')))
    case 1:
      return commands.remove(of, [pick()], [])
    case 2:
      return commands.removeAndBridge(of, pick())
    case 3:
      return commands.move(of, new Map([[pick(), { x: below(900), y: below(900) }]]))
    case 4:
      return commands.updateNode(of, pick(), (data) => ({ ...data, label: `label ${below(99)}` }))
    case 5:
      return commands.renameNode(of, pick(), newNodeId(nodeIds(of), 'debug.log'))
    case 6:
      return paste(of, pasted(asText(pieceOf(of, new Set([pick()])))) ?? graph([]), { x: 0, y: 0 }).graph
    case 7:
      return commands.reparent(of, new Set([pick()]), undefined, { x: 8, y: 8 })
    case 8:
      return addNote(of, newNote(newNoteId(noteIds(of)), { x: below(900), y: below(900) }))
    case 9:
      return updateNote(of, pickNote(), (note) => ({
        ...note,
        text: `text ${below(99)}`,
        color: NOTE_COLORS[below(6)]!,
      }))
    case 10:
      return commands.move(of, new Map([[noteKey(pickNote()), { x: below(900), y: below(900) }]]))
    case 11:
      return commands.remove(of, [noteKey(pickNote())], [])
    case 12: {
      const piece = pasted(asText(pieceOf(of, new Set([pick(), noteKey(pickNote())]))))
      return paste(of, piece ?? graph([]), { x: 0, y: 0 }).graph
    }
    default: {
      const wish = { source: pick(), target: pick(), port: null, kind: 'flow' as const }
      return objection(of, wish, roles) === null ? commands.addEdge(of, wish) : of
    }
  }
}
