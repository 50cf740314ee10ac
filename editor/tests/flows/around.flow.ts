import { execFileSync } from 'node:child_process'

import { expect, inject, test } from 'vitest'

import { foundInBoth } from '../axe'
import { linkTo } from '../mailbox'
import { offer } from '../../src/api/access'
import * as news from '../../src/api/news'
import * as shapes from '../../src/api/platform'
import { BINARY } from './capstan'
import { Person, withBrowser } from './person'

withBrowser()

const EMAIL = 'keeper@platform.example'
const PASSWORD = 'keeper of all the keys'

async function administrator(): Promise<Person> {
  const env = { ...process.env, DATABASE_URL: inject('database') }
  execFileSync(BINARY, ['admin', 'create', EMAIL, '--name', 'Keeper'], { env, input: `${PASSWORD}\n` })
  const keeper = await Person.arrive('login')
  await keeper.page.getByLabel('E-mail address').fill(EMAIL)
  await keeper.page.getByLabel('Password').fill(PASSWORD)
  await keeper.page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await keeper.page.getByRole('heading', { name: 'Tenants' }).waitFor()
  return keeper
}

/** With a workspace of the name of the address' domain. */
async function signedUp(email: string): Promise<Person> {
  const nia = await Person.arrive('sign-up')
  await nia.page.getByLabel('E-mail address').fill(email)
  await nia.page.getByRole('button', { name: 'Send the link' }).click()
  await nia.page.getByText('A mail is on its way').waitFor()
  await nia.go(await linkTo(email, 'verify'))
  await nia.page.getByLabel('Your name').fill('Nia')
  await nia.page.getByLabel('Password').fill('correct horse battery')
  await nia.page.getByRole('button', { name: 'Create the account' }).click()
  await nia.page.getByRole('heading', { name: 'Workflows' }).waitFor()
  return nia
}

const main = (person: Person) => person.page.getByRole('navigation', { name: 'Main' })

/** Asks as the page does, and holds each answer against its shape. */
async function held(person: Person, path: string): Promise<any> {
  return person.page.evaluate(async (at) => (await fetch(`/api/v1${at}`)).json(), path)
}

test('an administrator assigns pages, sets what holds for all, and sees how the platform stands', async () => {
  const keeper = await administrator()
  const nia = await signedUp('nia@baking.example')
  const { page } = keeper
  await main(nia).getByRole('link', { name: 'Leads' }).waitFor()

  await page.getByLabel('Find a tenant').fill('baking')
  await page.getByRole('link', { name: 'Baking' }).click()
  const pages = page.getByRole('region', { name: 'Pages' })
  await pages.getByText('It has all pages that there are and will be.').waitFor()
  await pages.getByLabel('Leads').uncheck()
  await pages.getByRole('button', { name: 'Assign these' }).click()
  await pages.getByText(`Assigned by ${EMAIL}`).waitFor()
  expect(await foundInBoth(keeper)).toEqual([])
  const id = page.url().split('/').at(-1) ?? ''
  expect(shapes.assignedPages.check(await held(keeper, `/platform/tenants/${id}/pages`), 'pages')).toEqual([])

  // Whoever knows the address is told so, too.
  await nia.page.reload()
  await main(nia).getByRole('link', { name: 'Forms' }).waitFor()
  expect(await main(nia).getByRole('link', { name: 'Leads' }).count()).toBe(0)
  await nia.go('w/baking/leads')
  await nia.page.getByText('This workspace does not have this page.').waitFor()
  expect(await foundInBoth(nia)).toEqual([])

  await main(keeper).getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('heading', { name: 'Settings' }).waitFor()
  const notice = page.getByRole('region', { name: 'Notice' })
  await notice.getByRole('textbox').fill('Down at noon.')
  await notice.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('table', { name: 'What was changed' }).getByText('notice: nothing → Down at noon.').waitFor()
  expect(await foundInBoth(keeper)).toEqual([])
  const { items } = await held(keeper, '/platform/settings')
  expect(items.flatMap((item: unknown) => shapes.setting.check(item, 'setting'))).toEqual([])
  const log = await held(keeper, '/platform/audit')
  expect(log.items.flatMap((item: unknown) => shapes.platformChange.check(item, 'change'))).toEqual([])
  await nia.page.reload()
  await nia.page.getByText('Down at noon.').waitFor()
  expect(await foundInBoth(nia)).toEqual([])
  expect(offer.check(await held(nia, '/access'), 'access')).toEqual([])
  await notice.getByRole('button', { name: 'As usual' }).click()
  await page.getByRole('table', { name: 'What was changed' }).getByText('Down at noon. → nothing').waitFor()

  await main(keeper).getByRole('link', { name: 'Health' }).click()
  await page.getByRole('table', { name: 'Checks' }).getByText('workers').waitFor()
  await page.getByTestId('curves').waitFor()
  const partitions = page.getByRole('table', { name: 'Duties' }).getByRole('row').filter({ hasText: 'partitions' })
  await partitions.getByText('done', { exact: true }).waitFor()
  await page.getByTestId('duties').getByText('None has failed, and none is late.').waitFor()
  expect(await foundInBoth(keeper)).toEqual([])
  expect(shapes.health.check(await held(keeper, '/platform/health'), 'health')).toEqual([])
  expect(shapes.upkeep.check(await held(keeper, '/platform/duties'), 'duties')).toEqual([])
  await nia.leave()
  await keeper.leave()
})

test('one reads news, says of what one wants mails, and what the workspace is told', async () => {
  const zoe = await signedUp('zoe@roasting.example')
  const { page } = zoe
  // A workspace that one asks for is news when it is made.
  await page.evaluate(async () => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'another' }
    const body = JSON.stringify({ slug: 'grinding', name: 'Grinding' })
    const asked = await fetch('/api/v1/workspaces', { method: 'POST', headers, body })
    const { id } = (await asked.json()) as { id: string }
    for (let ended = null; ended === null;) {
      ended = ((await (await fetch(`/api/v1/operations/${id}`)).json()) as { ended_at: string | null }).ended_at
    }
  })
  await page.reload()
  await page.getByTestId('unread').getByText('1').waitFor()
  await page.getByTestId('bell').click()
  const list = page.getByRole('list', { name: 'News' })
  await list.getByText('The workspace Grinding is made.').waitFor()
  expect(await foundInBoth(zoe)).toEqual([])
  await page.getByRole('button', { name: 'Mark all as read' }).click()
  await list.locator('[data-unread="false"]').waitFor()
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByTestId('unread').waitFor({ state: 'detached' })
  expect(news.newsPage.check(await held(zoe, '/notifications'), 'news')).toEqual([])

  await zoe.go('w/roasting/settings/account')
  const mails = page.getByRole('region', { name: 'Mails' })
  await mails.getByLabel('A quota of the workspace has reached its limit.').click()
  await mails.locator('input[name="quota.soft"]:checked').waitFor()
  await page.reload()
  await mails.locator('input[name="quota.soft"]:checked').waitFor()
  expect(await foundInBoth(zoe)).toEqual([])
  const wanted = await held(zoe, '/notification-preferences')
  expect(wanted.items.flatMap((item: unknown) => news.preference.check(item, 'preference'))).toEqual([])

  await page.getByRole('link', { name: 'Workspace', exact: true }).click()
  await page.getByLabel('Time zone').fill('Mars/Olympus')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.locator('input[aria-invalid="true"]:focus').waitFor()
  expect(await foundInBoth(zoe)).toEqual([])
  await page.getByLabel('Time zone').fill('Europe/Berlin')
  await page.getByLabel('Quotas that reach their limit').uncheck()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('The settings are saved.').waitFor()
  const settings = await page.evaluate(async () => {
    const headers = { 'capstan-workspace': 'roasting' }
    return (await fetch('/api/v1/workspace/settings', { headers })).json()
  })
  expect(news.workspaceSettings.check(settings, 'settings')).toEqual([])
  expect(settings).toMatchObject({ time_zone: 'Europe/Berlin', notifications: { 'quota.soft': false } })

  // A new schedule is written with it.
  await zoe.go('w/roasting/workflows')
  await page.getByRole('button', { name: 'New workflow' }).click()
  await page.getByRole('textbox', { name: 'Name' }).fill('By the clock')
  await page.keyboard.press('Enter')
  await zoe.node('start').waitFor()
  await zoe.dragIn('trigger.schedule', 200, 300)
  expect(await zoe.field('zone').inputValue()).toBe('Europe/Berlin')
  await zoe.leave()
})
