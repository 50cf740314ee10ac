import { expect, test } from 'vitest'

import * as shapes from '../../src/api/alerts'
import { foundInBoth } from '../axe'
import { Person, api, withBrowser } from './person'

withBrowser()

/** Workers look once a minute, and the first look is a minute after they began. */
const ROUND_MS_MAX = 200_000

const FAILS = {
  nodes: [
    { id: 'start', type: 'trigger.manual', position: { x: 0, y: 0 } },
    { id: 'fail', type: 'debug.fail', position: { x: 280, y: 0 }, data: { config: { reason: 'the oven is cold' } } },
  ],
  edges: [{ id: 'a', source: 'start', target: 'fail' }],
}

test('failures are told of by default; a rule is written, refused at its field, breaks, is seen in the navigation, and is deleted', async () => {
  const { id } = await api<{ id: string }>('/workflows', 'POST', { name: 'Cold oven', graph: FAILS })
  await api(`/workflows/${id}/publish`, 'POST')
  const execution = await api<{ id: string }>('/executions', 'POST', { workflow_id: id })
  const ada = await Person.signIn()
  const { page } = ada
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Alerts' }).click()
  await page.getByTestId('failures-told').getByText('Failure alerts are on by default').waitFor()
  await page.getByRole('tab', { name: 'Rules' }).click()
  const rules = page.getByRole('table', { name: 'Rules' })
  await rules.getByText('on by default').waitFor()

  await page.getByRole('button', { name: 'New rule' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('Cold')
  await dialog.getByLabel('Workflow').selectOption({ label: 'Cold oven' })
  await dialog.getByLabel('Of a hundred, so many failed').fill('101')
  await dialog.getByLabel('Of at least so many that ended').fill('1')
  await dialog.getByRole('button', { name: 'Create' }).click()
  await dialog.locator('input[aria-invalid="true"]:focus').waitFor()
  expect(await foundInBoth(ada)).toEqual([])
  await dialog.getByLabel('Name').fill('cold-oven')
  await dialog.getByRole('button', { name: 'Create' }).click()
  await dialog.getByText(/from 1 to 100/).waitFor()
  await dialog.getByLabel('Of a hundred, so many failed').fill('50')
  await dialog.getByRole('button', { name: 'Create' }).click()
  await rules.locator('strong', { hasText: 'cold-oven' }).waitFor()

  await rules.getByRole('button', { name: 'Switch off failures' }).click()
  await page.getByTestId('failures-told').waitFor({ state: 'detached' })
  await rules.getByRole('button', { name: 'Delete the rule failures…' }).click()
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
  await page.getByTestId('failures-told').getByText('on by default').waitFor()
  expect(await foundInBoth(ada)).toEqual([])

  await page.getByRole('tab', { name: 'Alerts' }).click()
  const alerts = page.getByRole('table', { name: 'Alerts' })
  const raised = alerts.getByRole('row').filter({ hasText: 'cold-oven' })
  await raised.getByText('1 of 1 executions failed').waitFor({ timeout: ROUND_MS_MAX })
  await page.getByTestId('open-alerts').waitFor()
  expect(await foundInBoth(ada)).toEqual([])
  await raised.getByRole('link', { name: 'What failed' }).click()
  await page.locator(`a[href*="${execution.id}"]`).waitFor()

  await page.goBack()
  await page.getByRole('tab', { name: 'Rules' }).click()
  await rules.getByRole('button', { name: 'Delete the rule cold-oven…' }).click()
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
  await page.getByRole('tab', { name: 'Alerts' }).click()
  await page.getByLabel('Which alerts').selectOption('Open and past')
  await raised.getByText('its rule was changed').waitFor()

  expect((await api<{ items: unknown[] }>('/alerts?status=all')).items).not.toEqual([])
  for (const [shape, path] of [
    [shapes.alert, '/alerts?status=all'],
    [shapes.alertRule, '/alert-rules'],
  ] as const) {
    const { items } = await api<{ items: unknown[] }>(path)
    expect(items.flatMap((item) => shape.check(item, path))).toEqual([])
  }
  await ada.leave()
}, 600_000)
