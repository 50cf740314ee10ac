import { expect, test } from 'vitest'

import { Person, api, withBrowser } from './person'
import type { Stored } from './person'

withBrowser()

test('a graph is drawn with the mouse, published, started, and watched until it has completed', async () => {
  const ada = await Person.signIn()
  const id = await ada.draw('Drawn with the mouse')

  await ada.dragIn('logic.condition', 420, 390)
  await ada.connect('start', 'out', 'condition')
  await ada.field('condition').fill('{{ input.amount > 100 }}')
  await ada.dragIn('data.set', 650, 280)
  await ada.page.getByRole('tab', { name: 'JSON' }).click()
  await ada.page
    .getByRole('tabpanel')
    .getByRole('textbox')
    .fill('{"label": "Large", "config": {"values": {"size": "large"}}}')
  await ada.dragIn('debug.log', 650, 500)
  await ada.field('message').fill('small: {{ input.amount }}')
  await ada.connect('condition', 'true', 'set')
  await ada.connect('condition', 'false', 'log')
  await ada.saved()
  await ada.page.getByTestId('problems').getByText('No problems').waitFor()

  const { graph } = await api<Stored>(`/workflows/${id}`)
  expect(graph.edges).toMatchObject([
    { source: 'start', target: 'condition' },
    { source: 'condition', sourceHandle: 'true', target: 'set' },
    { source: 'condition', sourceHandle: 'false', target: 'log' },
  ])

  await ada.publish()
  await ada.page.getByRole('button', { name: 'Run it' }).click()
  await ada.page.getByLabel('Input').fill('{"amount": 250}')
  await ada.page.getByRole('button', { name: 'Start', exact: true }).click()
  await ada.untilStatus('completed')
  await ada.untilNode('set', 'completed')
  await ada.untilNode('log', 'skipped')

  await ada.node('set').click()
  await ada.page.getByTestId('step').getByRole('tab', { name: 'Output' }).click()
  await ada.page.getByTestId('step').getByText('"large"').waitFor()
  await ada.leave()
})
