import { expect, test } from 'vitest'

import { node, randomness } from '../../tests/build'
import { START, randomCommand } from '../../tests/random'
import * as commands from './commands'
import type { Graph } from './graph'
import { ENTRIES_MAX, begin, change, redo, redoLabel, settle, undo, undoLabel } from './history'
import { nodeIds } from './ids'

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
