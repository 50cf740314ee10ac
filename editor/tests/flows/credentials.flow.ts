import { expect, test } from 'vitest'

import * as shapes from '../../src/api/credentials'
import { startApi, startMail } from '../provider'
import { Person, api, withBrowser } from './person'

withBrowser()

test('a credential is written, chosen by a step, and cannot be deleted while it is used', async () => {
  const ada = await Person.signIn()
  const { page } = ada
  await page.getByRole('link', { name: 'Credentials' }).click()
  await page.getByRole('button', { name: 'New credential' }).click()
  await page.getByLabel('Name').fill('crm')
  await page.getByLabel('Token', { exact: true }).fill('short')
  await page.getByLabel('Sent to these hosts only').fill('api.example.com')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.locator('input[aria-invalid="true"]:focus').waitFor()
  await page.getByLabel('Token', { exact: true }).fill('a-token-that-nobody-sees')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByRole('heading', { name: 'crm' }).waitFor()
  expect(await page.content()).not.toContain('a-token-that-nobody-sees')
  const address = page.url()

  await ada.draw('With a credential')
  await ada.dragIn('action.http_request', 460, 390)
  await ada.field('url').fill('https://api.example.com/')
  await ada.field('credential').selectOption('crm')
  await ada.connect('start', 'out', 'http_request')
  await ada.saved()
  await ada.publish()
  await page.goto(address)
  await page.getByRole('region', { name: 'Used by' }).getByRole('link', { name: 'With a credential' }).waitFor()
  await page.getByRole('button', { name: 'Delete the credential…' }).click()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await page.getByRole('dialog').getByRole('alert').waitFor()
  await ada.leave()
})

test('a credential is tested at its provider, and what came of it is told and stays', async () => {
  const provider = await startApi('a-token-that-works')
  const ada = await Person.signIn()
  const { page } = ada
  const tested = page.getByTestId('tested')
  const make = (name: string, token: string) =>
    api<{ id: string }>('/credentials', 'POST', {
      name,
      type: 'bearer',
      allowed_hosts: [`http://${provider.address}`],
      fields: { token },
    })
  const [good, bad] = [
    await make('tested-works', 'a-token-that-works'),
    await make('tested-revoked', 'a-token-of-yesterday'),
  ]

  await ada.go(`credentials/${good.id}`)
  await page.getByLabel('Address to ask').fill('https://example.com/')
  await page.getByRole('button', { name: 'Test', exact: true }).click()
  // Another host than its own is refused at the field.
  await page.locator('input[aria-invalid="true"]:focus').waitFor()
  await page.getByLabel('Address to ask').fill(`http://${provider.address}/me`)
  await ada.press('Enter')
  await tested.getByText('works').waitFor()
  await page.reload()
  await tested.getByText('answered 200').waitFor()

  await ada.go(`credentials/${bad.id}`)
  await page.getByLabel('Address to ask').fill(`http://${provider.address}/me`)
  await page.getByRole('button', { name: 'Test', exact: true }).click()
  await tested.getByText('refused').waitFor()
  await tested.getByText('you brought Bearer [redacted]').waitFor()
  expect(await page.content()).not.toContain('a-token-of-yesterday')
  await ada.leave()
  provider.stop()
})

test('a mail server is logged in to, and gets no mail', async () => {
  const mail = await startMail('me', 'a-password-that-works')
  const [host = '', port = ''] = mail.address.split(':')
  const fields = { host, port: Number(port), tls: 'none', username: 'me', password: 'a-password-of-yesterday' }
  const wish = { type: 'smtp', allowed_hosts: [host], fields }
  const { id } = await api<{ id: string }>('/credentials', 'POST', { name: 'tested-mail', ...wish })
  const ada = await Person.signIn()
  const { page } = ada
  await ada.go(`credentials/${id}`)
  await page.getByRole('button', { name: 'Test', exact: true }).click()
  await page.getByTestId('tested').getByText('5.7.8 wrong login').waitFor()
  await api(`/credentials/${id}`, 'PUT', {
    ...wish,
    type: undefined,
    fields: { ...fields, password: 'a-password-that-works' },
  })
  await page.reload()
  // What was told of the password before says nothing of this one.
  await page.getByRole('button', { name: 'Test', exact: true }).waitFor()
  expect(await page.getByTestId('tested').textContent()).toBe('')
  await page.getByRole('button', { name: 'Test', exact: true }).click()
  await page.getByTestId('tested').getByText('took the login').waitFor()
  expect(mail.said).not.toContain('MAIL')
  expect(mail.said.slice(-3)).toEqual(['AUTH', 'NOOP', 'QUIT'])
  await ada.leave()
  mail.stop()
})

test('the API answers what the types say of credentials', async () => {
  const types = (await api<{ items: unknown[] }>('/credential-types')).items
  expect(types.flatMap((item) => shapes.credentialType.check(item, 'type'))).toEqual([])
  const { items } = await api<{ items: { id: string }[] }>('/credentials')
  expect(items.length).toBeGreaterThan(0)
  expect(items.flatMap((item) => shapes.credential.check(item, 'credential'))).toEqual([])
  expect(shapes.credential.check(await api(`/credentials/${items[0]?.id}`), 'credential')).toEqual([])
})
