import { expect, test } from 'vitest'

import { Person, api, withBrowser } from './person'

withBrowser()

const GRAPH = {
  nodes: [
    { id: 'start', type: 'trigger.manual', position: { x: 0, y: 0 } },
    { id: 'price', type: 'data.set', position: { x: 280, y: 0 }, data: { config: { values: { euros: 7 } } } },
    { id: 'log', type: 'debug.log', position: { x: 560, y: 0 }, data: { config: { message: 'x' } } },
  ],
  edges: [
    { id: 'a', source: 'start', target: 'price' },
    { id: 'b', source: 'price', target: 'log' },
  ],
}

test('what an expression comes to is shown while it is written: without data, with a click on some, and with a flaw', async () => {
  const { id } = await api<{ id: string }>('/workflows', 'POST', { name: 'Previewed', graph: GRAPH })
  await api(`/workflows/${id}/publish`, 'POST')
  const kim = await Person.signIn()
  const { page } = kim
  await kim.open(id)
  await kim.node('log').click()
  const preview = page.getByTestId('preview')
  await kim.field('message').fill('{{ steps.price.euros }}')
  await preview.getByText('No data yet for steps.price').waitFor()

  const execution = await api<{ id: string }>('/executions?wait=10s', 'POST', {
    workflow_id: id,
    input: { count: 6 },
  })
  await page.goto(`${kim.url}/editor/workflows/${id}?execution=${execution.id}`)
  await kim.node('log').click()
  await page.getByText('Data from before').click()
  await kim.field('message').fill('{{ steps.price.euros * ')
  await page.locator('.data-part').getByText('count', { exact: true }).first().click()
  await kim.press(' ')
  await page.keyboard.type('}}')
  expect(await kim.field('message').inputValue()).toBe('{{ steps.price.euros * input.count }}')
  await preview.getByText('42').waitFor()
  await kim.field('message').fill('{{ steps.price.euros | nosuch }}')
  await page.locator('.preview[data-kind="flaw"]').getByText('nosuch').waitFor()
  await kim.leave()
})
