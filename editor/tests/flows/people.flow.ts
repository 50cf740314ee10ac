import { expect, test } from 'vitest'

import * as shapes from '../../src/api/access'
import { found } from '../axe'
import { linkTo } from '../mailbox'
import type { Read } from '../mailbox'
import { Person, api, withBrowser } from './person'

withBrowser()

test('one signs up, invites somebody with a role, who joins and may only look; keys are shown once; all of it is in the audit log', async () => {
  const ada = await Person.arrive('sign-up')
  const { page } = ada
  await page.getByLabel('E-mail address').fill('ada@acme.example')
  await page.getByRole('button', { name: 'Send the link' }).click()
  await page.getByText('A mail is on its way').waitFor()
  await ada.go(await linkTo('ada@acme.example', 'verify'))
  await page.getByLabel('Your name').fill('Ada')
  await page.getByLabel('Password').fill('correct horse battery')
  await page.getByRole('button', { name: 'Create the account' }).click()
  await page.getByRole('heading', { name: 'Workflows' }).waitFor()
  expect(new URL(page.url()).pathname).toBe('/editor/w/acme/workflows')

  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('button', { name: 'Invite' }).click()
  await page.getByLabel('E-mail address').fill('eve@acme.example')
  await page.getByLabel('Role').selectOption('viewer')
  await page.getByRole('button', { name: 'Send the invitation' }).click()
  await page.getByRole('table', { name: 'Invitations' }).getByText('eve@acme.example').waitFor()

  const ofAcme: Read = async (path) => {
    const headers = { 'capstan-workspace': 'acme' }
    return (await page.request.get(`${ada.url}${path}`, { headers })).text()
  }
  const eve = await Person.arrive(await linkTo('eve@acme.example', 'invitation', ofAcme))
  await eve.page.getByText('You are invited to').waitFor()
  await eve.page.getByLabel('Your name').fill('Eve')
  await eve.page.getByLabel('Password').fill('staple of something')
  await eve.page.getByRole('button', { name: 'Join' }).click()
  await eve.page.getByRole('heading', { name: 'Overview' }).waitFor()
  await eve.page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Workflows' }).click()
  expect(await eve.page.getByRole('button', { name: 'New workflow' }).isDisabled()).toBe(true)
  expect(await eve.page.getByRole('link', { name: 'Credentials' }).count()).toBe(0)

  await page.getByRole('link', { name: 'API keys' }).click()
  await page.getByRole('button', { name: 'New key' }).click()
  await page.getByLabel('Name').fill('ci')
  await page.getByRole('button', { name: 'Make the key' }).click()
  const key = await page.getByLabel('The secret').inputValue()
  expect(key).toMatch(/^cap_/)
  await page.getByRole('button', { name: 'I have kept it' }).click()
  await page.getByRole('table', { name: 'API keys' }).getByText('ci').waitFor()
  expect(await page.content()).not.toContain(key)

  await page.getByRole('link', { name: 'Audit log' }).click()
  await page.getByRole('table', { name: 'Audit log' }).getByText('POST /api/v1/keys').waitFor()
  await page.getByRole('table', { name: 'Audit log' }).getByText('POST /api/v1/invitations').first().waitFor()
  // How a thing differs is behind a line, which the keyboard opens, too; the key itself is not among it.
  const made = page.getByRole('row').filter({ hasText: 'POST /api/v1/keys' }).first()
  await made.locator('summary').focus()
  await page.keyboard.press('Enter')
  const difference = made.getByRole('table', { name: 'Before and after' })
  await difference.getByRole('row', { name: 'name nothing ci' }).waitFor()
  expect(await difference.getByRole('row').count()).toBeGreaterThan(2)
  expect(await page.content()).not.toContain(key)
  expect(await found(ada)).toEqual([])
  await eve.leave()
  await ada.leave()
})

test('a session that ends while one works is taken up again on top of it', async () => {
  const ada = await Person.arrive('login')
  const { page } = ada
  await page.getByLabel('E-mail address').fill('ada@acme.example')
  await page.getByLabel('Password').fill('wrong')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.locator('input[aria-invalid="true"]:focus').waitFor()
  await page.getByLabel('Password').fill('correct horse battery')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  await ada.draw('While signed out')
  await ada.forgetSession()
  await ada.dragIn('debug.noop', 460, 390)
  await page.getByRole('heading', { name: 'Sign in again' }).waitFor()
  await page.getByLabel('Password').fill('correct horse battery')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await ada.saved()
  await ada.node('noop').waitFor()
  await ada.leave()
})

test('the API answers what the types say of people', async () => {
  const items = async (path: string) => (await api<{ items: unknown[] }>(path)).items
  const held = async (shape: { check(value: unknown, path: string): string[] }, path: string) =>
    expect((await items(path)).flatMap((item) => shape.check(item, path))).toEqual([])
  await held(shapes.member, '/members')
  await held(shapes.invitation, '/invitations')
  await held(shapes.key, '/keys')
  await held(shapes.auditEntry, '/audit')
  expect(shapes.offer.check(await api('/access'), '/access')).toEqual([])
})
