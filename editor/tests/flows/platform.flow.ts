import { execFileSync } from 'node:child_process'

import { expect, inject, test } from 'vitest'

import { foundInBoth } from '../axe'
import * as shapes from '../../src/api/platform'
import { BINARY } from './capstan'
import { Person, withBrowser } from './person'

withBrowser()

const EMAIL = 'root@platform.example'
const PASSWORD = 'keeper of all the keys'

test('an administrator of the platform makes a tenant, watches it being made, suspends it with a reason, and resumes it', async () => {
  const env = { ...process.env, DATABASE_URL: inject('database') }
  execFileSync(BINARY, ['admin', 'create', EMAIL, '--name', 'Root'], { env, input: `${PASSWORD}\n` })
  const root = await Person.arrive('login')
  const { page } = root
  await page.getByLabel('E-mail address').fill(EMAIL)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('heading', { name: 'Tenants' }).waitFor()
  await page.locator('.rows').waitFor()
  expect(await foundInBoth(root)).toEqual([])
  await page.getByRole('button', { name: 'New tenant' }).click()
  await page.getByLabel('Name').fill('Bakery')
  await page.getByLabel('Part of addresses').fill('no')
  await page.getByLabel('E-mail address of the owner').fill('ada@bakery.example')
  await page.getByRole('button', { name: 'Make it' }).click()
  await page.locator('input[aria-invalid="true"]:focus').waitFor()
  expect(await foundInBoth(root)).toEqual([])
  await page.getByLabel('Part of addresses').fill('bakery')
  await page.getByRole('button', { name: 'Make it' }).click()
  await page.locator('[data-testid="making"][data-status="completed"]').waitFor()
  expect(await foundInBoth(root)).toEqual([])
  await page.getByRole('button', { name: 'Close' }).last().click()

  await page.getByRole('link', { name: 'Bakery' }).click()
  await page.getByRole('button', { name: 'Suspend…' }).click()
  await page.getByLabel('Why').fill('the bill is not paid')
  await page.getByRole('button', { name: 'Suspend', exact: true }).click()
  await page.getByRole('table', { name: 'What became of it' }).getByText('active → suspended').waitFor()
  expect(await foundInBoth(root)).toEqual([])
  await page.getByRole('button', { name: 'Resume…' }).click()
  await page.getByRole('button', { name: 'Resume', exact: true }).click()
  await page.getByRole('table', { name: 'What became of it' }).getByText('suspended → active').waitFor()
  const read = (path: string) => page.evaluate(async (at) => (await fetch(`/api/v1${at}`)).json(), path)
  const { items } = (await read('/platform/tenants')) as { items: { id: string }[] }
  expect(items.flatMap((item) => shapes.tenant.check(item, 'tenant'))).toEqual([])
  expect(shapes.tenantWhole.check(await read(`/platform/tenants/${items[0]?.id ?? ''}`), 'tenant')).toEqual([])
  await root.leave()
})
