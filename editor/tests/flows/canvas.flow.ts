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

test('steps that are added by a click come into sight, and one that an undo takes away is not selected any more', async () => {
  const ada = await Person.signIn()
  await ada.draw('Wider than the window')
  await ada.node('start').click()
  const canvas = ada.page.getByTestId('canvas')
  const isInSight = async (id: string) => {
    const [step, room] = [await placeOf(ada.node(id)), await placeOf(canvas)]
    return step.x >= room.x && step.x + step.width <= room.x + room.width
  }
  for (let count = 1; count <= 5; count += 1) {
    await ada.page.locator('[data-type="debug.noop"]').click()
    const id = count === 1 ? 'noop' : `noop_${count}`
    await ada.node(id).waitFor()
    await expect.poll(() => isInSight(id), { timeout: 20_000 }).toBe(true)
  }
  await ada.page.getByRole('button', { name: /^Undo: Add/ }).click()
  await ada.node('noop_5').waitFor({ state: 'detached' })
  await ada.node('noop_4').click()
  await ada.page.getByTestId('inspector').getByRole('heading', { name: 'Do nothing' }).waitFor()
  // Everything at once, on a smaller canvas: names are read also from there.
  await ada.page.setViewportSize({ width: 1200, height: 700 })
  await ada.page.getByRole('button', { name: 'Show all' }).click()
  await ada.page.locator('[data-node="noop_4"].far').getByText('Do nothing').waitFor()
  await ada.leave()
})

test('on a phone nothing is wider than the window, and what leads to the page is in sight', async () => {
  const ada = await Person.signIn()
  const id = await ada.draw('On a phone')
  await ada.page.setViewportSize({ width: 390, height: 800 })
  for (const path of ['workflows', 'executions', 'settings/people', 'usage', `workflows/${id}`]) {
    await ada.go(path)
    await ada.page.locator('h1').first().waitFor()
    const [page, room] = await ada.page.evaluate(() => {
      const shown = document.querySelector('.page')
      return [Math.max(shown?.scrollWidth ?? 0, document.documentElement.scrollWidth), innerWidth]
    })
    expect(page, path).toBeLessThanOrEqual(room ?? 0)
    const current = await placeOf(ada.page.getByRole('navigation', { name: 'Main' }).locator('[aria-current]'))
    expect([current.x >= 0, current.x + current.width <= (room ?? 0)], path).toEqual([true, true])
  }
  await ada.leave()
})
