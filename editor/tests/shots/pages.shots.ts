/** Takes the pictures of the documentation: `scripts/editor.sh screenshots`. */

import { execFileSync } from 'node:child_process'

import type { Locator, Page } from 'playwright-core'
import { inject, test } from 'vitest'

import { BINARY } from '../flows/capstan'
import { Person, withBrowser } from '../flows/person'
import { linkTo } from '../mailbox'
import { furnish } from './furnish'
import type { Bakery } from './furnish'

withBrowser()

/** Pictures are taken where other work may be done, too. */
const STEP_MS_MAX = 60_000
const IMAGES = new URL('../../../docs/images/', import.meta.url).pathname
/** Of pages with a canvas; of lists, which are short. */
const SIZE = { width: 1440, height: 820 }
const LIST_SIZE = { width: 1200, height: 700 }
const ROOT = { email: 'root@platform.example', password: 'keeper of all the keys' }

/** As it stands, in both themes. */
async function shoot(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.screenshot({ path: `${IMAGES}${name}-${colorScheme}.png` })
  }
}

async function signUp(): Promise<Person> {
  const ada = await Person.arrive('sign-up')
  const { page } = ada
  await page.setViewportSize(SIZE)
  page.setDefaultTimeout(STEP_MS_MAX)
  await page.getByLabel('E-mail address').fill('ada@bakery.example')
  await page.getByRole('button', { name: 'Send the link' }).click()
  await page.getByText('A mail is on its way').waitFor()
  await ada.go(await linkTo('ada@bakery.example', 'verify'))
  await page.getByLabel('Your name').fill('Ada')
  await page.getByLabel('Password').fill('flour, water and salt')
  await page.getByRole('button', { name: 'Create the account' }).click()
  await page.getByRole('heading', { name: 'Workflows' }).waitFor()
  return ada
}

test('pictures of the pages of a workspace', async () => {
  const ada = await signUp()
  const { page } = ada
  const slug = new URL(page.url()).pathname.split('/')[3] ?? ''
  await page.setViewportSize(LIST_SIZE)
  await page.getByRole('region', { name: 'First steps' }).waitFor()
  await shoot(page, 'first-run')
  await page.getByRole('button', { name: 'New workflow' }).click()
  await page.getByRole('radio', { name: /^Lead automation/ }).check()
  await shoot(page, 'templates')
  await ada.press('Escape')
  const bakery = await furnish(page, slug)
  const go = (path: string) => ada.go(`w/${slug}/${path}`)
  await drawing(ada, bakery, go)
  await watching(ada, bakery, go)
  await rest(ada, bakery, go)
  bakery.receiver.stop()
  await ada.leave()
}, 600_000)

type Go = (path: string) => Promise<void>

async function drawing(ada: Person, { orders }: Bakery, go: Go): Promise<void> {
  const { page } = ada
  await go('workflows')
  await page.getByRole('link', { name: 'Weekly report' }).waitFor()
  await shoot(page, 'workflows')
  await page.setViewportSize(SIZE)
  await go(`workflows/${orders}`)
  await ada.node('reserve').click()
  await page
    .getByTestId('problems')
    .getByText(/^No problems|^\d/)
    .first()
    .waitFor()
  await shoot(page, 'editor')
  await page.getByRole('button', { name: 'Publish', exact: true }).click()
  await page.getByRole('button', { name: /^Publish version/ }).waitFor()
  await page.getByText(/changes since version/).click()
  await shoot(page, 'publish')
  await ada.press('Escape')
  await page.getByRole('button', { name: 'version 2', exact: true }).click()
  await page.getByTestId('compare').getByText('Say thank you', { exact: true }).waitFor()
  await shoot(page, 'versions')
  await ada.press('Escape')
}

async function watching(ada: Person, { waiting, failed }: Bakery, go: Go): Promise<void> {
  const { page } = ada
  await page.setViewportSize(LIST_SIZE)
  await go('executions')
  await page.getByRole('table').getByText('cancelled').waitFor()
  await shoot(page, 'executions')
  await page.setViewportSize(SIZE)
  await go(`executions/${waiting}?step=each[0]/reserve`)
  await ada.untilNode('paid', 'waiting')
  await page.getByTestId('why').waitFor()
  await page.getByTestId('timeline').locator('[data-kind="pause"]').first().waitFor()
  await page.getByRole('tab', { name: 'Attempts' }).click()
  await page.getByTestId('attempts').getByText('Attempt 2').waitFor()
  await shoot(page, 'execution')
  await go(`executions/${failed}?step=charge&below=log`)
  await ada.untilNode('charge', 'failed')
  await shoot(page, 'failure')
  await page.getByRole('button', { name: 'Restart…' }).click()
  await page.locator('.plan').waitFor()
  await shoot(page, 'restart')
  await ada.press('Escape')
}

/** Each page with what has to be seen on it before it is taken. */
async function rest(ada: Person, { endpoint }: Bakery, go: Go): Promise<void> {
  const { page } = ada
  countDays()
  await page.setViewportSize(LIST_SIZE)
  const seen = (text: string) => page.locator('main').getByText(text).first()
  const pages: [string, string, Locator][] = [
    ['forms', 'forms', seen('Bread by form')],
    ['schedules', 'schedules', seen('Count the flour')],
    [`webhooks/${endpoint}`, 'webhooks', seen('webhook.test')],
    ['credentials', 'credentials', seen('parcel-service')],
    ['leads', 'leads', seen('Grace Hopper')],
    ['overview', 'overview', page.getByTestId('tiles')],
    ['failures', 'failures', page.getByTestId('failures').getByText('card declined', { exact: true })],
    ['alerts?tab=rules', 'alerts', page.getByRole('table', { name: 'Rules' }).getByText('orders-late').first()],
    ['usage', 'usage', page.getByRole('table', { name: 'Receipts' }).getByRole('link').first()],
    ['settings/people', 'people', seen('bob@bakery.example')],
    ['settings/keys', 'keys', seen('accounting')],
    ['settings/audit', 'audit', page.locator('.rows').getByRole('row').nth(3)],
  ]
  for (const [path, name, shown] of pages) {
    await go(path)
    await shown.waitFor()
    await shoot(page, name)
    if (name !== 'leads') continue
    await page.getByRole('tab', { name: 'Table' }).click()
    await page.getByRole('table', { name: 'Leads' }).waitFor()
    await shoot(page, 'leads-table')
  }
}

/** As workers do every ten minutes. */
function countDays(): void {
  const env = { ...process.env, DATABASE_URL: inject('database') }
  const day = new Date().toISOString().slice(0, 10)
  execFileSync(BINARY, ['stats', 'recompute', '--from', day], { env, stdio: 'ignore' })
}

test('pictures of what those see who look after the platform', async () => {
  const env = { ...process.env, DATABASE_URL: inject('database') }
  execFileSync(BINARY, ['admin', 'create', ROOT.email, '--name', 'Root'], { env, input: `${ROOT.password}\n` })
  const root = await Person.arrive('login')
  const { page } = root
  await page.setViewportSize(LIST_SIZE)
  await page.getByLabel('E-mail address').fill(ROOT.email)
  await page.getByLabel('Password').fill(ROOT.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page
    .getByRole('link', { name: /bakery/i })
    .first()
    .waitFor()
  await shoot(page, 'tenants')
  await root.leave()
})
