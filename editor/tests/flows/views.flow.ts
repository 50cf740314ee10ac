import { expect, inject, test } from 'vitest'

import { foundInBoth } from '../axe'
import { Person, withBrowser } from './person'

withBrowser()

test('filters are kept by name, chosen again in another tab, and forgotten in both', async () => {
  const ada = await Person.signIn()
  const { page } = ada
  await page.getByRole('link', { name: 'Executions' }).click()
  const keep = page.getByRole('button', { name: 'Keep this view…' })
  await keep.waitFor()
  expect(await keep.isDisabled()).toBe(true)
  expect(await page.getByLabel('View', { exact: true }).count()).toBe(0)
  await page.getByLabel('Status').selectOption('failed')
  await page.getByLabel('Trials').selectOption('With trials')
  await keep.click()
  await page.getByLabel('Name').fill('What went wrong')
  expect(await foundInBoth(ada)).toEqual([])
  await ada.press('Enter')
  await page.getByText('The view What went wrong is kept in this browser.').waitFor()
  const view = page.getByLabel('View', { exact: true })
  expect(await view.inputValue()).toBe('What went wrong')
  await page.getByLabel('Status').selectOption('waiting')
  await view.locator('option:checked').filter({ hasText: 'Not kept' }).waitFor({ state: 'attached' })

  const other = await ada.newTab(`executions#key=${inject('key')}`)
  await other.page.getByLabel('View', { exact: true }).selectOption('What went wrong')
  await other.page.waitForURL((url) => url.search === '?status=failed&trial=any')
  expect(await other.page.getByLabel('Status').inputValue()).toBe('failed')
  expect(await foundInBoth(other)).toEqual([])
  await other.page.getByRole('button', { name: 'Forget the view What went wrong' }).click()
  await view.waitFor({ state: 'detached' })
  await ada.leave()
})

test('each list has views of its own, and they are there when one comes back', async () => {
  const ada = await Person.signIn()
  const { page } = ada
  await page.getByRole('link', { name: 'Leads' }).click()
  await page.getByRole('tab', { name: 'Table' }).click()
  await page.getByLabel('Find a lead').fill('nobody at all')
  await page.getByRole('button', { name: 'Keep this view…' }).click()
  await page.getByLabel('Name', { exact: true }).fill('Nobody')
  await page.getByRole('button', { name: 'Keep', exact: true }).click()
  await page.getByRole('link', { name: 'Executions' }).click()
  await page.getByLabel('Status').waitFor()
  expect(await page.getByLabel('View', { exact: true }).count()).toBe(0)
  await page.getByRole('link', { name: 'Leads' }).click()
  await page.getByLabel('View', { exact: true }).selectOption('Nobody')
  await page.getByText('No lead has that in it.').waitFor()
  await page.reload()
  expect(await page.getByLabel('Find a lead').inputValue()).toBe('nobody at all')
  expect(await page.getByLabel('View', { exact: true }).inputValue()).toBe('Nobody')
  await page.getByLabel('View', { exact: true }).selectOption('All')
  await page.waitForURL((url) => url.search === '')
  await ada.leave()
})
