import { expect, test } from 'vitest'

import { foundInBoth } from '../axe'
import { linkTo } from '../mailbox'
import { Person, withBrowser } from './person'

withBrowser()

test('somebody connects a Google account as a credential, and no other site does it for them', async () => {
  const ada = await Person.arrive('sign-up')
  const { page } = ada
  await page.getByLabel('E-mail address').fill('ada@connects.example')
  await page.getByRole('button', { name: 'Send the link' }).click()
  await page.getByText('A mail is on its way').waitFor()
  await ada.go(await linkTo('ada@connects.example', 'verify'))
  await page.getByLabel('Your name').fill('Ada')
  await page.getByLabel('Password').fill('correct horse battery')
  await page.getByRole('button', { name: 'Create the account' }).click()
  await page.getByRole('heading', { name: 'Workflows' }).waitFor()

  await page.getByRole('link', { name: 'Credentials' }).click()
  await page.getByRole('button', { name: 'New credential' }).click()
  await page.getByLabel('Type').selectOption('gmail')
  const connect = page.getByRole('button', { name: 'Connect an account…' })
  expect(await connect.isDisabled()).toBe(true)
  await page.getByLabel('Name').fill('sales')
  expect(await foundInBoth(ada)).toEqual([])
  await connect.click()
  // There and back, and it is in the list.
  await page.waitForURL('**/editor/w/connects/credentials')
  await page.getByRole('table', { name: 'Credentials' }).getByRole('link', { name: 'sales' }).waitFor()
  expect(await page.content()).not.toContain('refresh-token-1')

  const sent = await page.request.get(`${ada.url}/connect/gmail?name=theirs`, {
    headers: { 'sec-fetch-site': 'cross-site' },
    maxRedirects: 0,
  })
  expect(sent.status()).toBe(403)
  await ada.leave()
})
