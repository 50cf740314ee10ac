import { expect, test } from 'vitest'

import * as shapes from '../../src/api/leads'
import { Person, api, withBrowser } from './person'

withBrowser()

test('a lead is written down, found, moved by its menu and by dragging, and what happened is told', async () => {
  const ada = await Person.signIn()
  const { page } = ada
  await page.getByRole('link', { name: 'Leads' }).click()
  await page.getByRole('button', { name: 'New lead' }).click()
  await page.getByLabel('Name').fill('Grace Hopper')
  await page.getByLabel('E-mail address').fill('grace@navy.example')
  await page.getByRole('button', { name: 'Write it down' }).click()
  await page.getByRole('heading', { name: 'Grace Hopper' }).waitFor()
  await page.getByLabel('In words').fill('wants a compiler')
  await page.getByRole('button', { name: 'Write it down' }).click()
  const happened = page.getByRole('table', { name: 'What happened' })
  await happened.getByText('wants a compiler').waitFor()

  await ada.go('leads?q=grace')
  const first = page.getByRole('region', { name: 'New', exact: true })
  await first.getByRole('link', { name: 'Grace Hopper' }).waitFor()
  await page.getByLabel('Move Grace Hopper to').selectOption({ label: 'Qualified' })
  const second = page.getByRole('region', { name: 'Qualified', exact: true })
  await second.getByRole('link', { name: 'Grace Hopper' }).waitFor()
  await second.getByRole('listitem').dragTo(page.getByRole('region', { name: 'Booked' }).getByRole('list'))
  await page.getByRole('region', { name: 'Booked' }).getByRole('link', { name: 'Grace Hopper' }).waitFor()

  await page.getByRole('tab', { name: 'Table' }).click()
  await page.getByRole('table', { name: 'Leads' }).getByText('booked').waitFor()
  await page.getByRole('link', { name: 'Grace Hopper' }).click()
  await happened.getByText('qualified → booked').waitFor()
  await ada.leave()
})

test('the API answers what the types say of leads', async () => {
  const { items } = await api<{ items: { id: string }[] }>('/leads')
  expect(items.length).toBeGreaterThan(0)
  expect(items.flatMap((item) => shapes.lead.check(item, 'lead'))).toEqual([])
  const { columns } = await api<{ columns: unknown[] }>('/lead-board')
  expect(columns.flatMap((item) => shapes.column.check(item, 'column'))).toEqual([])
  const events = await api<{ items: unknown[] }>(`/leads/${items[0]?.id ?? ''}/events`)
  expect(events.items.flatMap((item) => shapes.leadEvent.check(item, 'event'))).toEqual([])
})
