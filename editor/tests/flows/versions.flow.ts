import { expect, test } from 'vitest'

import { Person, api, withBrowser } from './person'
import type { Stored } from './person'

withBrowser()

interface Named {
  number: number
  name: string | null
  note: string | null
}

test('versions have names and notes, are compared step by step, and one of them comes back into the draft', async () => {
  const ada = await Person.signIn()
  const { page } = ada
  const id = await ada.draw('Prices')
  await ada.dragIn('debug.log', 460, 390)
  await ada.field('message').fill('old prices')
  await ada.connect('start', 'out', 'log')
  await ada.saved()
  await page.getByRole('button', { name: 'Publish', exact: true }).click()
  await page.getByText('Name this version').click()
  await page.getByLabel('Name of the version').fill('Winter')
  await page.getByLabel('What is new').fill('All prices of last year.')
  await page.getByRole('button', { name: 'Publish version 1' }).click()
  await page.getByRole('heading', { name: /is published$/ }).waitFor()
  await page.getByRole('button', { name: 'Go on drawing' }).click()

  await ada.node('log').click()
  await ada.field('message').fill('new prices')
  await ada.saved()
  await ada.publish()
  await page.getByRole('button', { name: 'Go on drawing' }).click()
  const { items } = await api<{ items: Named[] }>(`/workflows/${id}/versions`)
  expect(items.map(({ number, name, note }) => [number, name, note])).toEqual([
    [2, null, null],
    [1, 'Winter', 'All prices of last year.'],
  ])

  await page.getByRole('button', { name: 'version 2', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('All prices of last year.').waitFor()
  await dialog.getByLabel('From').selectOption({ label: 'version 1, Winter' })
  await dialog.getByLabel('To').selectOption({ label: 'version 2' })
  const compared = dialog.getByTestId('compare')
  await compared.getByText('"old prices"').waitFor()
  await compared.getByText('"new prices"').waitFor()
  await dialog.getByRole('listitem').filter({ hasText: 'Winter' }).getByRole('button').click()
  const undo = page.getByRole('button', { name: /^Undo: .*version 1/ })
  await undo.waitFor()
  await ada.saved()
  expect(await stored(id)).toContain('old prices')
  await undo.click()
  await ada.saved()
  expect(await stored(id)).toContain('new prices')
  await ada.leave()
})

async function stored(id: string): Promise<string> {
  return JSON.stringify((await api<Stored>(`/workflows/${id}`)).graph)
}
