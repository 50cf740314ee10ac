import { expect, test } from 'vitest'

import { foundInBoth } from '../axe'
import { Person, withBrowser } from './person'

withBrowser()

test('with the keyboard alone one goes to pages, workflows and steps, and does things, by typing', async () => {
  const kim = await Person.signIn()
  const { page } = kim
  const id = await kim.draw('Orders of spring')
  await kim.saved()
  const list = page.getByRole('dialog', { name: 'Go to, or do' })
  const type = async (words: string) => {
    await kim.press('Control+k')
    await list.getByRole('combobox').waitFor()
    await page.keyboard.type(words)
  }

  await type('leads')
  await list.getByRole('option', { name: /^Leads/ }).waitFor()
  await kim.press('Enter')
  await page.getByRole('heading', { name: 'Leads' }).waitFor()

  await type('spring')
  await list.getByRole('option', { name: 'Orders of spring Workflow' }).waitFor()
  expect(await foundInBoth(kim)).toEqual([])
  await kim.press('Enter')
  await kim.node('start').waitFor()
  expect(page.url()).toContain(id)

  // What the editor can do is there only while it is looked at.
  await type('start manual')
  await kim.press('Enter')
  await page.locator('[data-node="start"][data-selected="true"]').waitFor()
  await page.locator('.canvas:focus').waitFor()
  await type('add step')
  await kim.press('Enter')
  await page.getByRole('dialog', { name: 'Add a step' }).waitFor()
  await page.keyboard.type('does nothing')
  await kim.press('Enter')
  await kim.node('noop').waitFor()
  await type('undo')
  await kim.press('Enter')
  await kim.node('noop').waitFor({ state: 'detached' })
  await type('publish')
  await kim.press('Enter')
  await page.getByRole('button', { name: 'Publish version 1' }).waitFor()
  // One question at a time.
  await kim.press('Control+k')
  expect(await list.count()).toBe(0)
  await kim.press('Escape')

  await kim.saved()
  await type('no such thing anywhere')
  await list.getByText('Nothing has that in it.').waitFor()
  expect(await foundInBoth(kim)).toEqual([])
  // The first one empties the field.
  await kim.press('Escape', 'Escape')
  await page.getByRole('link', { name: 'Usage' }).click()
  await page.getByRole('heading', { name: 'Usage' }).waitFor()
  await page.getByRole('button', { name: 'Go to' }).click()
  await page.keyboard.type('tidy up')
  await list.getByText('Nothing has that in it.').waitFor()
  await list.getByRole('combobox').fill('new workflow')
  await kim.press('Enter')
  await page.getByRole('dialog', { name: 'New workflow' }).waitFor()
  await kim.press('Escape')
  await page.getByRole('dialog', { name: 'New workflow' }).waitFor({ state: 'detached' })
  expect(new URL(page.url()).search).toBe('')
  await kim.leave()
})
