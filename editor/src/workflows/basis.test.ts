import { expect, test } from 'vitest'

import { execution, nodeType, step } from '../../tests/answers'
import { graph, node } from '../../tests/build'
import { Catalogue } from '../app/catalogue'
import { beginningOf, pinnable } from './basis'

const CATALOGUE = new Catalogue([
  nodeType('action.send', { effect: 'at_least_once' }),
  nodeType('data.set'),
  nodeType('logic.for_each', { role: 'container', effect: 'idempotent' }),
  nodeType('trigger.manual', { role: 'trigger', effect: 'idempotent' }),
])

test('pinned is what completed steps with effects gave, if they are still what they were', () => {
  const drawn = graph([
    node('start', { type: 'trigger.manual' }),
    node('sent', { type: 'action.send' }),
    node('set', { type: 'data.set' }),
    node('each', { type: 'logic.for_each' }),
    node('inner', { type: 'action.send', parentId: 'each' }),
    node('failed', { type: 'action.send' }),
    node('large', { type: 'action.send' }),
    node('other', { type: 'data.set' }),
  ])
  const past = execution([
    step('start', { type: 'trigger.manual' }),
    step('sent', { type: 'action.send', port: 'ok', output: { id: 7 } }),
    step('set', { type: 'data.set' }),
    step('each', { type: 'logic.for_each' }),
    step('inner', { type: 'action.send', scope: 'each[0]' }),
    step('failed', { type: 'action.send', status: 'failed' }),
    step('large', { type: 'action.send', output_truncated: true }),
    step('other', { type: 'action.send' }),
    step('gone', { type: 'action.send' }),
  ])
  expect([...pinnable(past, drawn, CATALOGUE)]).toEqual([['sent', { output: { id: 7 }, port: 'ok' }]])
})

test('one begins where the execution began, unless that trigger is gone', () => {
  const past = { ...execution([]), trigger: 'start', input: { x: 1 } }
  expect(beginningOf(past, graph([node('start')]))).toEqual({ trigger: 'start', input: { x: 1 } })
  expect(beginningOf(past, graph([node('form')]))).toBeNull()
  expect(beginningOf(null, graph([node('start')]))).toBeNull()
})
