import { expect, test } from 'vitest'

import * as shapes from '../../src/api/credentials'
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

test('the API answers what the types say of credentials', async () => {
  const types = (await api<{ items: unknown[] }>('/credential-types')).items
  expect(types.flatMap((item) => shapes.credentialType.check(item, 'type'))).toEqual([])
  const { items } = await api<{ items: { id: string }[] }>('/credentials')
  expect(items.length).toBeGreaterThan(0)
  expect(items.flatMap((item) => shapes.credential.check(item, 'credential'))).toEqual([])
  expect(shapes.credential.check(await api(`/credentials/${items[0]?.id}`), 'credential')).toEqual([])
})
