import { expect, test } from 'vitest'

import { edge, graph, node, randomness, roles } from '../../tests/build'
import { paste, pasted, copied } from './clipboard'
import * as commands from './commands'
import type { Graph } from './graph'
import { ENTRIES_MAX, begin, change, redo, redoLabel, settle, undo, undoLabel } from './history'
import { newNodeId, nodeIds } from './ids'
import { objection } from './rules'

const START = graph(
  [node('start', { type: 'trigger.manual' }), node('a'), node('b')],
  [edge('start', 'a'), edge('a', 'b')],
)

/** Any command on any part of the graph. */
function randomCommand(of: Graph, below: (limit: number) => number): Graph {
  const pick = () => of.nodes[below(Math.max(1, of.nodes.length))]?.id ?? ''
  switch (below(9)) {
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
      return paste(of, pasted(copied(of, new Set([pick()]))) ?? graph([]), { x: 0, y: 0 }).graph
    case 7:
      return commands.reparent(of, new Set([pick()]), undefined, { x: 8, y: 8 })
    default: {
      const wish = { source: pick(), target: pick(), port: null, kind: 'flow' as const }
      return objection(of, wish, roles) === null ? commands.addEdge(of, wish) : of
    }
  }
}

test('undoing everything gives the first document, and redoing everything the last, over 1,000 random sequences', () => {
  for (let seed = 0; seed < 1_000; seed += 1) {
    const below = randomness(seed)
    let history = begin(START)
    for (let step = 0; step < 40; step += 1)
      history = change(history, `step ${step}`, randomCommand(history.present, below))
    const last = history.present
    while (history.past.length > 0) history = undo(history)
    expect(history.present).toBe(START)
    while (history.future.length > 0) history = redo(history)
    expect(history.present).toBe(last)
  }
})

test('no command leaves an edge without its ends, or a node in a container that is gone', () => {
  for (let seed = 0; seed < 300; seed += 1) {
    const below = randomness(seed)
    let present: Graph = START
    for (let step = 0; step < 40; step += 1) present = randomCommand(present, below)
    const ids = nodeIds(present)
    expect(ids.size).toBe(present.nodes.length)
    expect(present.edges.every(({ source, target }) => ids.has(source) && ids.has(target))).toBe(true)
  }
})

test('typing in one field is one step, until something else is done', () => {
  const label = (text: string) => (of: Graph) => commands.updateNode(of, 'a', (data) => ({ ...data, label: text }))
  let history = begin(START)
  for (const text of ['p', 'pa', 'pay']) history = change(history, 'Label a', label(text)(history.present), 'a label')
  expect(history.past.length).toBe(1)
  history = change(settle(history), 'Label a', label('pays')(history.present), 'a label')
  expect(history.past.length).toBe(2)
  expect(undo(undo(history)).present).toBe(START)
})

test('labels say what undo and redo would do', () => {
  const history = change(begin(START), 'Delete b', commands.remove(START, ['b'], []))
  expect([undoLabel(history), redoLabel(history)]).toEqual(['Delete b', null])
  expect([undoLabel(undo(history)), redoLabel(undo(history))]).toEqual([null, 'Delete b'])
})

test('the history is bounded, and what was done longest ago is forgotten', () => {
  let history = begin(START)
  for (let at = 0; at < ENTRIES_MAX + 20; at += 1)
    history = change(history, `${at}`, commands.addNode(history.present, node(`n${at}`)))
  expect(history.past.length).toBe(ENTRIES_MAX)
  expect(history.past[0]?.label).toBe('20')
})
