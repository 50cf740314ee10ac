import { expect, test } from 'vitest'

import { Person, api, withBrowser } from './person'
import type { Stored } from './person'

withBrowser()

test('a container is filled by dragging into it, no edge crosses its wall, and its steps are counted as they run', async () => {
  const eve = await Person.signIn()
  const id = await eve.draw('With a container')
  await eve.dragIn('logic.for_each', 480, 390)
  await eve.field('items').fill('{{ [1, 2, 3] }}')
  await eve.connect('start', 'out', 'for_each')
  await eve.dragIn('debug.log', 500, 410)
  await eve.field('message').fill('{{ item }}')
  await eve.connect('start', 'out', 'log')
  await eve.page.getByText('An edge cannot cross the wall of a container.').waitFor()
  await eve.saved()
  const { graph } = await api<Stored>(`/workflows/${id}`)
  expect(graph.nodes.map((node) => [node.id, node.parentId])).toEqual([
    ['start', undefined],
    ['for_each', undefined],
    ['log', 'for_each'],
  ])
  expect(graph.edges).toMatchObject([{ source: 'start', target: 'for_each' }])

  await eve.publish()
  await eve.runIt()
  await eve.untilStatus('completed')
  await eve.node('log').getByText('completed, 3 of 3').waitFor()
  await eve.leave()
})

test('everything that was done can be undone, and done again', async () => {
  const eve = await Person.signIn()
  const id = await eve.draw('Undone')
  const first = await api<Stored>(`/workflows/${id}`)
  await eve.dragIn('debug.noop', 460, 390)
  await eve.page.getByTestId('label').fill('A step')
  await eve.connect('start', 'out', 'noop')
  await eve.node('noop').click()
  await eve.press('Control+c', 'Control+v')
  await eve.node('noop_2').waitFor()
  await eve.press('t', 'Delete')
  await eve.saved()
  const last = await api<Stored>(`/workflows/${id}`)
  expect(last.graph.nodes.map((node) => node.id)).toEqual(['start', 'noop'])

  const undo = eve.page.getByRole('button', { name: /^Undo: / })
  await eve.page.getByRole('button', { name: 'Undo: Delete A step' }).waitFor()
  while ((await undo.count()) > 0) await undo.click()
  await eve.saved()
  expect((await api<Stored>(`/workflows/${id}`)).graph).toEqual(first.graph)
  const redo = eve.page.getByRole('button', { name: /^Redo: / })
  while ((await redo.count()) > 0) await redo.click()
  await eve.saved()
  expect((await api<Stored>(`/workflows/${id}`)).graph).toEqual(last.graph)
  await eve.leave()
})
