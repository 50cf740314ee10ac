import type { Page } from 'playwright-core'
import { expect, inject, test } from 'vitest'

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

test('a card that is moved from elsewhere moves on the board of each tab without asking, over one stream for both', async () => {
  const ada = await Person.signIn()
  const context = ada.page.context()
  // Nothing is asked for again and again: what moves, news have moved.
  await context.addInitScript(() => {
    window.setInterval = (() => 0) as unknown as typeof window.setInterval
  })
  const streams: string[] = []
  context.on('request', (request) => request.url().endsWith('/api/v1/stream') && streams.push(request.url()))
  const { id } = await api<{ id: string }>('/leads', 'POST', { name: 'Mary Somerville' })
  const ready = context.waitForEvent('response', (response) => response.url().endsWith('/api/v1/stream'))
  await ada.go('leads?q=somerville')
  await ready
  const other = await ada.newTab(`leads?q=somerville#key=${inject('key')}`)
  const boards = [ada.page, other.page]
  const card = (page: Page, column: string) =>
    page.getByRole('region', { name: column, exact: true }).getByRole('link', { name: 'Mary Somerville' })
  for (const page of boards) await card(page, 'New').waitFor()
  await api(`/leads/${id}/status`, 'POST', { status: 'qualified' })
  for (const page of boards) await card(page, 'Qualified').waitFor()
  expect(await card(ada.page, 'New').count()).toBe(0)
  expect(streams).toHaveLength(1)

  // When the tab that reads is closed, the other one goes on from where it was.
  const next = context.waitForEvent('request', (request) => request.url().endsWith('/api/v1/stream'))
  await ada.page.close()
  expect((await (await next).allHeaders())['last-event-id']).toMatch(/^1\./)
  await api(`/leads/${id}/status`, 'POST', { status: 'booked' })
  await card(other.page, 'Booked').waitFor()
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
