import { expect, test } from 'vitest'

import { foundInBoth } from '../axe'
import { Person, api, withBrowser } from './person'
import type { Stored } from './person'

withBrowser()

const GRAPH = {
  nodes: [
    { id: 'start', type: 'trigger.manual', position: { x: 0, y: 0 } },
    { id: 'price', type: 'data.set', position: { x: 280, y: 0 }, data: { config: { values: { euros: 7 } } } },
    {
      id: 'bill',
      type: 'data.set',
      position: { x: 560, y: 0 },
      data: { config: { values: { words: 'It costs ', whole: '', inner: { sum: 0 } } } },
    },
    { id: 'try', type: 'debug.fail', position: { x: 840, y: 0 }, data: { config: { succeed_at_attempt: 1 } } },
  ],
  edges: [
    { id: 'a', source: 'start', target: 'price' },
    { id: 'b', source: 'price', target: 'bill' },
    { id: 'c', source: 'bill', target: 'try' },
  ],
}

/** A workflow that has run once, with its editor open. */
async function opened(name: string): Promise<{ kim: Person; id: string }> {
  const { id } = await api<{ id: string }>('/workflows', 'POST', { name, graph: GRAPH })
  await api(`/workflows/${id}/publish`, 'POST')
  await api('/executions?wait=10s', 'POST', { workflow_id: id, input: { count: 1 } })
  const kim = await Person.signIn()
  await kim.open(id)
  return { kim, id }
}

const configOf = async (workflow: string, node: string) => {
  const { graph } = await api<Stored>(`/workflows/${workflow}`)
  return graph.nodes.find(({ id }) => id === node)?.data?.config
}

/** A value of an earlier step, in the list of data. */
const valueOf = (kim: Person, key: string) =>
  kim.page
    .locator('.data-part')
    .filter({ has: kim.page.getByText(key, { exact: true }) })
    .first()

test('what earlier steps gave is dragged into fields: into text, in place of a value, and into JSON', async () => {
  const { kim, id } = await opened('Mapped with the mouse')
  const { page } = kim
  await kim.node('bill').click()
  await page.getByText('Data from before').click()
  const euros = valueOf(kim, 'euros')
  await euros.getByText('7', { exact: true }).waitFor()
  await euros.dragTo(kim.field('values/words'))
  await euros.dragTo(kim.field('values/whole'))
  expect(await kim.field('values/words').inputValue()).toBe('It costs {{ steps.price.euros }}')
  expect(await kim.field('values/whole').inputValue()).toBe('{{ steps.price.euros }}')
  // Where a number is selected within JSON, a click puts the expression in its place, as JSON.
  await kim.field('values/inner').evaluate((field: HTMLTextAreaElement) => {
    field.focus()
    field.setSelectionRange(field.value.indexOf('0'), field.value.indexOf('0') + 1)
  })
  await euros.click()
  await kim.saved()
  expect(await configOf(id, 'bill')).toEqual({
    values: {
      words: 'It costs {{ steps.price.euros }}',
      whole: '{{ steps.price.euros }}',
      inner: { sum: '{{ steps.price.euros }}' },
    },
  })

  // A field for a number becomes one for an expression; undo brings the number's field back.
  await kim.node('try').click()
  await page.getByText('Data from before').click()
  await valueOf(kim, 'count').dragTo(kim.field('succeed_at_attempt'))
  expect(await kim.field('succeed_at_attempt').inputValue()).toBe('{{ input.count }}')
  await page.locator('[data-field="/data/config/succeed_at_attempt"] textarea:focus').waitFor()
  await page.getByRole('button', { name: 'Undo: Change try' }).click()
  await page.locator('[data-field="/data/config/succeed_at_attempt"] input[type="number"]').waitFor()
  await page.getByRole('button', { name: 'Redo: Change try' }).click()
  await kim.saved()

  await api(`/workflows/${id}/publish`, 'POST')
  const again = await api<{ id: string }>('/executions?wait=10s', 'POST', { workflow_id: id, input: { count: 1 } })
  const { status, steps } = await api<{ status: string; steps: { node_id: string; output: unknown }[] }>(
    `/executions/${again.id}`,
  )
  expect(status).toBe('completed')
  expect(steps.find(({ node_id }) => node_id === 'bill')?.output).toEqual({
    words: 'It costs 7',
    whole: 7,
    inner: { sum: 7 },
  })
  await kim.leave()
})

test('the same is done with the keyboard alone, from the menu of a field or from the list', async () => {
  const { kim, id } = await opened('Mapped with keys')
  const { page } = kim
  await kim.node('bill').click()
  const menu = page.getByRole('button', { name: 'Data from before into Words' })
  await menu.press('Enter')
  await page.getByRole('dialog').getByRole('option', { name: 'steps.price.euros' }).waitFor()
  expect(await foundInBoth(kim)).toEqual([])
  await page.keyboard.type('price eu')
  await kim.press('Enter')
  await page.locator('[data-field="/data/config/values/words"] textarea:focus').waitFor()
  expect(await kim.field('values/words').inputValue()).toBe('It costs {{ steps.price.euros }}')

  // The field in which one wrote last is written into from the list.
  await kim.field('values/whole').focus()
  await page.getByText('Data from before').press('Enter')
  await valueOf(kim, 'euros').press('Enter')
  await page.locator('[data-field="/data/config/values/whole"] textarea:focus').waitFor()
  expect(await foundInBoth(kim)).toEqual([])
  await kim.saved()
  expect(await configOf(id, 'bill')).toMatchObject({
    values: { words: 'It costs {{ steps.price.euros }}', whole: '{{ steps.price.euros }}' },
  })

  await kim.node('try').click()
  await page.getByRole('button', { name: 'Data from before into Succeed at attempt' }).press('Enter')
  await page.getByRole('dialog').getByRole('option', { name: 'input.count' }).waitFor()
  await page.keyboard.type('count')
  await kim.press('Enter')
  await page.locator('[data-field="/data/config/succeed_at_attempt"] textarea:focus').waitFor()
  expect(await kim.field('succeed_at_attempt').inputValue()).toBe('{{ input.count }}')
  await kim.leave()
})
