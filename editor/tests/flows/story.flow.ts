import { expect, test } from 'vitest'

import { linkTo } from '../mailbox'
import { Person, withBrowser } from './person'

withBrowser()

test('one signs up, takes a template, tries it out, publishes it, somebody fills in its form, and is a lead', async () => {
  const ada = await Person.arrive('sign-up')
  const { page } = ada
  await page.getByLabel('E-mail address').fill('ada@bakers.example')
  await page.getByRole('button', { name: 'Send the link' }).click()
  await page.getByText('A mail is on its way').waitFor()
  await ada.go(await linkTo('ada@bakers.example', 'verify'))
  await page.getByLabel('Your name').fill('Ada')
  await page.getByLabel('Password').fill('flour, water and salt')
  await page.getByRole('button', { name: 'Create the account' }).click()
  await page.getByRole('heading', { name: 'Workflows' }).waitFor()
  const workspace = new URL(page.url()).pathname.split('/')[3] ?? ''

  await page.getByRole('button', { name: 'New workflow' }).click()
  await page.getByRole('radio', { name: /^Contact form/ }).check()
  await page.getByRole('button', { name: 'Create', exact: true }).click()
  await ada.node('lead').waitFor()
  await page.getByRole('button', { name: 'Try out', exact: true }).click()
  await page.getByRole('dialog').getByLabel('Input').fill('{"name": "First", "email": "first@example.com"}')
  await page.getByRole('button', { name: 'Simulate' }).click()
  await page.getByTestId('simulation').waitFor()
  await ada.publish()
  const form = await page.getByRole('dialog').getByRole('link').getAttribute('href')

  const eve = await Person.arrive(`..${form}`)
  await eve.page.getByLabel('Your name').fill('Eve')
  await eve.page.getByLabel('E-mail').fill('eve@hungry.example')
  await eve.page.getByLabel('Company').fill('Hungry & Co')
  await eve.page.getByRole('button', { name: 'Send' }).click()
  await eve.page.getByText('Thank you').waitFor()
  await ada.go(`w/${workspace}/leads`)
  await page.getByRole('region', { name: 'New', exact: true }).getByRole('link', { name: 'Eve' }).click()
  await page.getByText('Hungry & Co').waitFor()
  await page.getByRole('table', { name: 'What happened' }).getByRole('link').first().click()
  await ada.untilStatus('completed')
  expect(new URL(page.url()).pathname).toContain(`/editor/w/${workspace}/executions/`)
  await Promise.all([ada.leave(), eve.leave()])
})
