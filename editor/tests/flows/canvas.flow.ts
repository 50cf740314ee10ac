import type { Locator } from 'playwright-core'
import { expect, test } from 'vitest'

import { Person, api, withBrowser } from './person'
import type { Stored } from './person'

withBrowser()

async function placeOf(element: Locator) {
  return (await element.boundingBox()) ?? { x: NaN, y: NaN, width: 0, height: 0 }
}

test('five steps are drawn with the mouse, one of them into an edge, and run', async () => {
  const ada = await Person.signIn()
  const id = await ada.draw('Five of them')
  const { page } = ada
  await ada.dragIn('logic.condition', 420, 390)
  await ada.connect('start', 'out', 'condition')
  await ada.field('condition').fill('{{ true }}')
  await ada.dragIn('debug.noop', 700, 260)
  await ada.dragIn('debug.log', 700, 520)
  await ada.field('message').fill('not this way')
  await ada.connect('condition', 'true', 'noop')
  await ada.connect('condition', 'false', 'log')
  // Ports are where they are computed to be: an edge begins and ends at their outer walls.
  const [port, begin] = [await placeOf(ada.port('condition', 'false')), await ada.pointOfEdge('condition', 'log', 0)]
  const [into, end] = [await placeOf(ada.port('condition', 'in')), await ada.pointOfEdge('start', 'condition', 1)]
  expect(Math.hypot(port.x + port.width - begin.x, port.y + port.height / 2 - begin.y)).toBeLessThan(1)
  expect(Math.hypot(into.x - end.x, into.y + into.height / 2 - end.y)).toBeLessThan(1)
  await ada.pointAtEdge('start', 'condition')
  await page.getByRole('button', { name: 'Put a step in here' }).click()
  await page.getByRole('combobox').fill('does nothing')
  await page.getByRole('option').first().click()
  await ada.node('noop_2').waitFor()
  await ada.saved()
  const { graph } = await api<Stored>(`/workflows/${id}`)
  expect(graph.nodes).toHaveLength(5)
  expect(graph.edges).toContainEqual(expect.objectContaining({ source: 'start', target: 'noop_2' }))
  expect(graph.edges).toContainEqual(expect.objectContaining({ source: 'noop_2', target: 'condition' }))
  expect(graph.edges).toHaveLength(4)
  await ada.publish()
  await ada.runIt()
  await ada.untilStatus('completed')
  await ada.untilNode('noop', 'completed')
  await ada.untilNode('log', 'skipped')
  await ada.leave()
})
