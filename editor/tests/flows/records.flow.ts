import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'

import { foundInBoth } from '../axe'
import * as approvals from '../../src/api/approvals'
import * as shapes from '../../src/api/records'
import type { Shape } from '../../src/api/shape'
import { Person, api, withBrowser } from './person'

withBrowser()

/** A folder for pictures of what one looks at, if one is wanted. */
const PICTURES = process.env['CAPSTAN_FLOW_PICTURES']

async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES) writeFileSync(join(PICTURES, `${name}.png`), await page.screenshot())
}

const main = (page: Page) => page.getByRole('navigation', { name: 'Main' })
const column = (page: Page, label: string) => page.getByRole('region', { name: label, exact: true })

async function held(shape: Shape<unknown>, path: string): Promise<void> {
  expect(shape.check(await api(path), path)).toEqual([])
}

async function heldItems(shape: Shape<unknown>, path: string): Promise<void> {
  const { items } = await api<{ items: unknown[] }>(path)
  expect(items.length).toBeGreaterThan(0)
  expect(items.flatMap((item) => shape.check(item, path))).toEqual([])
}

test('a pursuit is written down, changed, moved and deleted, and comes back', async () => {
  const ada = await Person.signIn()
  const { page } = ada
  await main(page).getByRole('link', { name: 'Records' }).click()
  await page.getByText('No pursuit is here yet').waitFor()
  await picture(page, 'records-empty')
  expect(await foundInBoth(ada)).toEqual([])
  await page.getByRole('button', { name: 'New record' }).click()
  const dialog = page.getByRole('dialog', { name: 'New record: Pursuit' })
  await dialog.getByLabel('name', { exact: true }).fill('Engines Ltd')
  await dialog.getByLabel('Another field').fill('budget')
  await dialog.getByLabel('What it is').selectOption('number')
  await dialog.getByRole('button', { name: 'Add the field' }).click()
  await dialog.getByRole('textbox', { name: 'budget' }).fill('much')
  await dialog.getByRole('button', { name: 'Write it down' }).click()
  await dialog.getByText('This is a number.').waitFor()
  await picture(page, 'record-new')
  expect(await foundInBoth(ada)).toEqual([])
  await dialog.getByRole('textbox', { name: 'budget' }).fill('3000')
  await dialog.getByRole('button', { name: 'Write it down' }).click()
  await page.getByRole('heading', { name: 'Engines Ltd' }).waitFor()

  const fields = page.getByRole('region', { name: 'Fields' })
  const happened = page.getByRole('table', { name: 'What happened' })
  const id = page.url().split('/').at(-1) ?? ''
  await fields.getByRole('textbox', { name: 'budget' }).fill('4000')
  // Somebody else changes it meanwhile: nothing of either is lost.
  await api(`/records/${id}`, 'PATCH', { data: { client: 'Ada' } }, 1)
  await fields.getByRole('button', { name: 'Go on from what is there now' }).click()
  await fields.getByRole('button', { name: 'Save' }).click()
  await happened.getByText('budget', { exact: true }).waitFor()
  expect((await api<{ data: object }>(`/records/${id}`)).data).toEqual({
    name: 'Engines Ltd',
    budget: 4000,
    client: 'Ada',
  })
  await page
    .getByRole('region', { name: 'Where it may go' })
    .getByRole('button', { name: 'Qualified', exact: true })
    .click()
  await page.getByTestId('record-state').getByText('Qualified').waitFor()
  await happened.getByText('Lead → Qualified').waitFor()
  await picture(page, 'record')
  expect(await foundInBoth(ada)).toEqual([])

  await page.getByRole('link', { name: 'All records of this type' }).click()
  await column(page, 'Qualified').getByRole('link', { name: 'Engines Ltd' }).waitFor()
  await page.getByLabel('Move Engines Ltd to').selectOption({ label: 'Proposal' })
  await column(page, 'Proposal').getByRole('link', { name: 'Engines Ltd' }).waitFor()
  await column(page, 'Proposal').getByRole('listitem').dragTo(column(page, 'Won').getByRole('list'))
  await column(page, 'Won').getByRole('link', { name: 'Engines Ltd' }).waitFor()
  await picture(page, 'records-board')
  expect(await foundInBoth(ada)).toEqual([])

  await page.getByRole('tab', { name: 'Table' }).click()
  await page.getByLabel('State', { exact: true }).selectOption('lost')
  await page.getByText('No record is in it.').waitFor()
  await page.getByLabel('State', { exact: true }).selectOption('won')
  await page.getByLabel('Find a record').fill('4000')
  await page.getByRole('table', { name: 'Records' }).waitFor()
  expect(await foundInBoth(ada)).toEqual([])
  await page.getByRole('table', { name: 'Records' }).getByRole('link', { name: 'Engines Ltd' }).click()
  await page.getByRole('button', { name: 'Delete the record…' }).click()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await page.getByRole('button', { name: 'Deleted records' }).click()
  await page.getByRole('button', { name: `Restore pursuit ${id.slice(-8)}` }).waitFor()
  expect(await foundInBoth(ada)).toEqual([])
  await page.getByRole('button', { name: `Restore pursuit ${id.slice(-8)}` }).click()
  await page.getByRole('button', { name: 'Close' }).click()
  await column(page, 'Won').getByRole('link', { name: 'Engines Ltd' }).waitFor()
  await ada.leave()
})

test('a type is defined, its guards hold, and a card that is moved from elsewhere moves without asking', async () => {
  const ada = await Person.signIn()
  const { page } = ada
  await page.addInitScript(() => {
    window.setInterval = (() => 0) as unknown as typeof window.setInterval
  })
  await ada.go('records?view=states')
  await page.getByRole('button', { name: 'Define a type…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Define a type' })
  await dialog.getByLabel('Name').fill('deal')
  const good = await dialog.getByLabel('Definition').inputValue()
  await dialog.getByLabel('Definition').fill(good.replace('"initial": "open"', '"initial": "nowhere"'))
  await dialog.getByRole('button', { name: 'Define it' }).click()
  await dialog.getByRole('alert').waitFor()
  await picture(page, 'type-refused')
  expect(await foundInBoth(ada)).toEqual([])
  await dialog.getByLabel('Definition').fill(good)
  await dialog.getByRole('button', { name: 'Define it' }).click()
  const ways = page.getByRole('table', { name: 'Ways' })
  await ways.getByText('the amount is too small').waitFor()
  await picture(page, 'records-states')
  expect(await foundInBoth(ada)).toEqual([])

  const { id } = await api<{ id: string }>('/records', 'POST', { type: 'deal', data: { name: 'A loom', amount: 10 } })
  const ready = page.waitForResponse((response) => response.url().endsWith('/api/v1/stream'))
  await ada.go('records?type=deal')
  await ready
  const card = (label: string) => column(page, label).getByRole('link', { name: 'A loom' })
  await card('Open').waitFor()
  // By the menu, its condition does not hold; then it is changed, and moved from elsewhere.
  await page.getByLabel('Move A loom to').selectOption({ label: 'Offered' })
  await page.getByRole('status').getByText('the amount is too small').waitFor()
  await api(`/records/${id}`, 'PATCH', { data: { amount: 2000 } }, 1)
  await api(`/records/${id}/transitions`, 'POST', { to: 'offered' })
  await card('Offered').waitFor()
  expect(await card('Open').count()).toBe(0)

  await page.getByLabel('Move A loom to').selectOption({ label: 'Lost' })
  const asked = page.getByRole('dialog', { name: 'Move A loom to Lost' })
  await picture(page, 'record-reason')
  expect(await foundInBoth(ada)).toEqual([])
  await asked.getByLabel('Why').fill('they bought a mill')
  await asked.getByRole('button', { name: 'Move it' }).click()
  await card('Lost').click()
  await page.getByRole('table', { name: 'What happened' }).getByText('they bought a mill').waitFor()
  await page.getByText('No way leads on from here.').waitFor()

  await page.setViewportSize({ width: 420, height: 800 })
  await picture(page, 'record-narrow')
  await ada.go('records?type=deal')
  await card('Lost').waitFor()
  await picture(page, 'records-narrow')
  await held(shapes.record, `/records/${id}`)
  await held(shapes.recordType, '/record-types/deal')
  await heldItems(shapes.recordTypeSummary, '/record-types')
  await heldItems(shapes.recordEntry, `/records/${id}/history`)
  await api(`/records/${id}/transitions`).then(({ items }: any) => expect(items).toEqual([]))
  const other = await api<{ id: string }>('/records', 'POST', { type: 'deal', data: {} })
  await heldItems(shapes.recordWay, `/records/${other.id}/transitions`)
  await ada.leave()
})

const GRAPH = {
  nodes: [
    { id: 'start', type: 'trigger.manual', position: { x: 0, y: 0 } },
    {
      id: 'chief',
      type: 'logic.approval',
      position: { x: 280, y: 0 },
      data: {
        config: {
          title: 'Buy {{ input.what }}?',
          text: 'The old one is worn.',
          deadline: '3d',
          fields: [
            { name: 'centre', label: 'Cost centre', type: 'number', required: true },
            { name: 'insured', label: 'Insured', type: 'checkbox' },
          ],
        },
      },
    },
    { id: 'buy', type: 'debug.noop', position: { x: 560, y: 0 } },
  ],
  edges: [
    { id: 'a', source: 'start', target: 'chief' },
    { id: 'b', source: 'chief', sourceHandle: 'approved', target: 'buy' },
  ],
}

test('an approval comes into the inbox while one looks, and is answered there', async () => {
  const ada = await Person.signIn()
  const { page } = ada
  await page.addInitScript(() => {
    window.setInterval = (() => 0) as unknown as typeof window.setInterval
  })
  const { id } = await api<{ id: string }>('/workflows', 'POST', { name: 'Asks in the inbox', graph: GRAPH })
  await api(`/workflows/${id}/publish`, 'POST')
  const ready = page.waitForResponse((response) => response.url().endsWith('/api/v1/stream'))
  await ada.go('approvals')
  await ready
  // Others may wait for an answer, too.
  const { items } = await api<{ items: approvals.Approval[] }>('/approvals')
  const before = items.filter(({ who }) => who.api_key).length
  const wish = { workflow_id: id, input: { what: 'a mangle' } }
  const execution = await api<{ id: string }>('/executions', 'POST', wish)
  const list = page.getByRole('table', { name: 'Approvals' })
  await list.getByText('Buy a mangle?').waitFor()
  const mark = (count: number) => page.getByTestId('open-approvals').getByText(new RegExp(`^${count}\\b`))
  await mark(before + 1).waitFor()
  await picture(page, 'approvals')
  expect(await foundInBoth(ada)).toEqual([])
  await heldItems(approvals.approval, '/approvals')
  await page.getByRole('button', { name: 'Answer Buy a mangle?' }).click()
  const dialog = page.getByRole('dialog', { name: 'Buy a mangle?' })
  await dialog.getByRole('button', { name: 'Approve' }).click()
  await dialog.getByText('Cost centre must be filled in.').waitFor()
  await picture(page, 'approval-refused')
  expect(await foundInBoth(ada)).toEqual([])
  await dialog.getByLabel('Cost centre').fill('12')
  await dialog.getByLabel('Insured').check()
  await dialog.getByLabel('Comment').fill('at last')
  await dialog.getByRole('button', { name: 'Approve' }).click()
  await list.getByText('Buy a mangle?').waitFor({ state: 'detached' })
  await mark(before + 1).waitFor({ state: 'detached' })
  await page.getByLabel('Which approvals').selectOption('all')
  await list.getByText(/approved by .*: at last/).waitFor()
  await picture(page, 'approvals-all')
  expect(await foundInBoth(ada)).toEqual([])
  await heldItems(approvals.approval, '/approvals?status=all')
  await list.getByRole('link', { name: `execution ${execution.id.slice(-12)}` }).click()
  await ada.untilStatus('completed')
  await ada.leave()
})
