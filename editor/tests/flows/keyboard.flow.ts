import { expect, test } from 'vitest'

import { Person, api, withBrowser } from './person'
import type { Stored } from './person'

withBrowser()

test('a graph is drawn, published and run with the keyboard alone', async () => {
  const kim = await Person.signIn()
  const id = await kim.draw('Drawn with keys')
  const { page } = kim

  await kim.press('ArrowRight', 'a')
  await page.keyboard.type('write a line')
  await kim.press('Enter')
  await kim.node('log').waitFor()

  // Enter goes to the fields, Tab through them, Escape back.
  await kim.press('Enter')
  for (
    let tabs = 0;
    tabs < 16 && !(await kim.field('message').evaluate((field) => field === document.activeElement));
    tabs += 1
  ) {
    await kim.press('Tab')
  }
  await page.keyboard.type('hello from the keyboard')
  await kim.press('Escape', 'ArrowLeft', 'a')
  await page.keyboard.type('does nothing')
  await kim.press('Enter')
  await kim.node('noop').waitFor()

  // From the step that does nothing to the log: C, and the nearest target is offered.
  await kim.press('c')
  await page.getByText('Do nothing · out → Log').or(page.locator('.connect-bar')).first().waitFor()
  await kim.press('Enter')
  await kim.press('Control+z', 'Control+Shift+z')
  await kim.saved()
  const { graph } = await api<Stored>(`/workflows/${id}`)
  expect(graph.nodes.map((node) => node.id)).toEqual(['start', 'log', 'noop'])
  expect(graph.edges).toMatchObject([
    { source: 'start', target: 'log' },
    { source: 'start', target: 'noop' },
    { source: 'noop', target: 'log' },
  ])

  await kim.press('Control+Enter')
  await page.getByRole('button', { name: /^Publish version/ }).waitFor()
  await kim.press('Enter')
  await page.getByRole('heading', { name: 'Version 1 is published' }).waitFor()
  await kim.press('Enter')
  await page.getByRole('heading', { name: 'Run version 1' }).waitFor()
  await kim.press('Tab', 'Tab', 'Enter')
  await kim.untilStatus('completed')
  await kim.untilNode('log', 'completed')
  await kim.leave()
})
