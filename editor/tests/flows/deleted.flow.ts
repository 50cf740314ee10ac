import { expect, test } from 'vitest'

import { deletedLead } from '../../src/api/leads'
import { deletedWorkflow } from '../../src/api/types'
import { foundInBoth } from '../axe'
import { Person, api, withBrowser } from './person'

withBrowser()

test('a workflow is deleted, and restored', async () => {
  const graph = { nodes: [], edges: [] }
  await api('/workflows', 'POST', { name: 'Not needed any more', graph, draft: true })
  const ada = await Person.signIn()
  const { page } = ada
  const row = page.getByRole('link', { name: 'Not needed any more' })
  await page.getByRole('button', { name: 'Delete Not needed any more…' }).click()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await row.waitFor({ state: 'detached' })
  const { items } = await api<{ items: unknown[] }>('/deleted-workflows')
  expect(items.flatMap((item) => deletedWorkflow.check(item, 'deleted'))).toEqual([])
  await page.getByRole('button', { name: 'Deleted workflows' }).click()
  const back = page.getByRole('button', { name: 'Restore Not needed any more' })
  await back.waitFor()
  expect(await foundInBoth(ada)).toEqual([])
  await back.click()
  await back.waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Close' }).click()
  await row.waitFor()
  await ada.leave()
})

test('a lead is deleted, and restored', async () => {
  const { id } = await api<{ id: string }>('/leads', 'POST', { name: 'Ida Rhodes', email: 'ida@bureau.example' })
  const ada = await Person.signIn()
  await ada.go(`leads/${id}`)
  const { page } = ada
  await page.getByRole('button', { name: 'Delete the lead…' }).click()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await page.getByRole('button', { name: 'Deleted leads' }).click()
  const { items } = await api<{ items: unknown[] }>('/deleted-leads')
  expect(items.length).toBeGreaterThan(0)
  expect(items.flatMap((item) => deletedLead.check(item, 'deleted'))).toEqual([])
  const back = page.getByRole('button', { name: 'Restore Ida Rhodes' })
  await back.waitFor()
  expect(await foundInBoth(ada)).toEqual([])
  await back.click()
  await back.waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Close' }).click()
  await page.getByRole('link', { name: 'Ida Rhodes' }).waitFor()
  await ada.leave()
})
