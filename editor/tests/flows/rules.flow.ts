import { expect, test } from 'vitest'

import * as shapes from '../../src/api/rules'
import { workflow } from '../../src/api/types'
import { foundInBoth } from '../axe'
import { Person, api, withBrowser } from './person'

withBrowser()

async function untilStatus(leadId: string, status: string): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if ((await api<{ status: string }>(`/leads/${leadId}`)).status === status) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`the lead ${leadId} did not become ${status}`)
}

test('a rule is written, acts on a lead, shows as a graph, and is let go when that is changed by hand', async () => {
  const ada = await Person.signIn()
  const { page } = ada
  const field = (at: number, name: string) =>
    page.locator(`[data-field="/actions/${at}/config/${name}"]`).locator('input, textarea, select').first()
  await page.getByRole('link', { name: 'Rules', exact: true }).click()
  await page.getByRole('button', { name: 'New rule' }).click()
  await page.getByLabel('Name', { exact: true }).fill('Greet the fair')
  await page.getByLabel('When this event comes').fill('lead.created')
  await page.getByRole('button', { name: 'Condition', exact: true }).click()
  await page.getByLabel('Of the event').fill('data.lead.source')
  await page.getByLabel('Value', { exact: true }).fill('fair')
  await page.getByRole('button', { name: 'Action', exact: true }).click()
  await field(0, 'to').fill('{{ nobody }}')
  await field(0, 'subject').fill('Hello')
  await field(0, 'text').fill('It was nice to meet you.')
  await page.getByRole('button', { name: 'Make the rule' }).click()
  // What is wrong is told at the field of the action, and one is there.
  await page.locator('[data-field="/actions/0/config/to"][data-problem="true"] textarea:focus').waitFor()
  await field(0, 'to').fill('{{ input.data.lead.email }}')
  await page.getByLabel('What to do').selectOption('lead.set_status')
  await page.getByRole('button', { name: 'Action', exact: true }).click()
  await field(1, 'lead_id').fill('{{ input.data.lead.id }}')
  await field(1, 'status').fill('qualified')
  expect(await foundInBoth(ada)).toEqual([])
  await page.getByRole('button', { name: 'Make the rule' }).click()
  await page.getByRole('heading', { name: 'Greet the fair' }).waitFor()
  await page.getByText('enabled', { exact: true }).waitFor()

  const lead = { email: 'ada@fair.example', name: 'Ada', source: 'fair' }
  const { id } = await api<{ id: string }>('/leads', 'POST', lead)
  await untilStatus(id, 'qualified')
  const { items } = await api<{ items: shapes.Rule[] }>('/rules')
  expect(items.flatMap((item) => shapes.rule.check(item, 'rule'))).toEqual([])
  const workflowId = items[0]?.workflow_id ?? ''
  expect(workflow.check(await api(`/workflows/${workflowId}`), 'workflow')).toEqual([])

  await page.getByRole('link', { name: 'Its workflow' }).click()
  await ada.node('action_2').waitFor()
  await ada.node('action_1').click()
  await ada.field('subject').fill('By hand')
  await ada.saved()
  await page.getByTestId('rule').getByRole('link', { name: 'Greet the fair' }).click()
  await page.getByText('was changed by hand').waitFor()
  await page.getByRole('button', { name: 'Disable', exact: true }).click()
  await page.getByText('disabled', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Delete the rule…' }).click()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await page.getByText('There are no rules yet.').waitFor()
  await ada.leave()
})
