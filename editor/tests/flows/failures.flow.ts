import { expect, test } from 'vitest'

import * as shapes from '../../src/api/bulk'
import { foundInBoth } from '../axe'
import { Person, api, withBrowser } from './person'

withBrowser()

interface Made {
  id: string
}

/** Fails for those whose input says so, in either of two ways. */
const GRAPH = {
  nodes: [
    { id: 'start', type: 'trigger.manual', position: { x: 0, y: 0 } },
    {
      id: 'which',
      type: 'logic.condition',
      position: { x: 280, y: 0 },
      data: { config: { condition: '{{ input.a }}' } },
    },
    {
      id: 'mix',
      type: 'debug.fail',
      position: { x: 560, y: -60 },
      data: { config: { reason: 'there is no flour', class: 'no_flour' } },
    },
    {
      id: 'bake',
      type: 'debug.fail',
      position: { x: 560, y: 60 },
      data: { config: { reason: 'the oven is cold', class: 'cold' } },
    },
  ],
  edges: [
    { id: 'a', source: 'start', target: 'which' },
    { id: 'b', source: 'which', sourceHandle: 'true', target: 'mix' },
    { id: 'c', source: 'which', sourceHandle: 'false', target: 'bake' },
  ],
}

test('failures are grouped by workflow and kind, chosen with the keyboard, restarted by a job that is watched, and run again', async () => {
  const { id } = await api<Made>('/workflows', 'POST', { name: 'Bakery at night', graph: GRAPH })
  await api(`/workflows/${id}/publish`, 'POST')
  for (const a of [true, false, false]) await api('/executions', 'POST', { workflow_id: id, input: { a } })
  const ada = await Person.signIn()
  const { page } = ada
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Failures' }).click()
  await page.getByLabel('Workflow').selectOption({ label: 'Bakery at night' })
  const cold = page.getByRole('region', { name: 'Bakery at night: cold at bake' })
  await cold.getByText('2 executions').waitFor()
  await page.getByRole('region', { name: 'Bakery at night: no flour at mix' }).getByText('1 execution').waitFor()
  expect(await page.getByTestId('failures').count()).toBe(2)
  expect(await foundInBoth(ada)).toEqual([])

  await cold.getByRole('checkbox', { name: 'Choose all of' }).focus()
  await ada.press('Space')
  const restart = page.getByRole('button', { name: 'Restart from the failed step… (2)' })
  await restart.focus()
  await ada.press('Enter')
  const dialog = page.getByRole('dialog')
  await dialog.getByText('an effect that had happened may happen twice').waitFor()
  expect(await foundInBoth(ada)).toEqual([])
  await dialog.getByRole('button', { name: 'Restart', exact: true }).focus()
  await ada.press('Enter')
  await dialog.getByText('All of it is done with.').waitFor()
  await dialog.getByText('2 of 2: 2 done').waitFor()
  expect(await foundInBoth(ada)).toEqual([])
  await page.reload()
  const begun = dialog.getByRole('link', { name: /^began / })
  await begun.nth(1).waitFor()
  await ada.press('Escape')
  await cold.getByText('4 executions').waitFor()

  await page
    .getByRole('region', { name: 'Bakery at night: no flour at mix' })
    .getByRole('checkbox', { name: 'Choose all of' })
    .check()
  await page.getByRole('button', { name: 'Run again… (1)' }).click()
  await dialog.getByRole('button', { name: 'Start 1 execution' }).click()
  await dialog.getByText('All of it is done with.').waitFor()
  await dialog.getByRole('link', { name: /^began / }).click()
  await ada.untilStatus('failed')

  const { items } = await api<{ items: Made[] }>('/bulk-jobs')
  const [job] = items
  expect(items.flatMap((item) => shapes.bulkJobShape.check(item, 'job'))).toEqual([])
  const outcomes = await api<{ items: unknown[] }>(`/bulk-jobs/${job?.id ?? ''}/items`)
  expect(outcomes.items.flatMap((item) => shapes.bulkItemShape.check(item, 'item'))).toEqual([])
  await ada.leave()
})

test('who may only look is offered nothing but the ways to what failed', async () => {
  const { key } = await api<{ key: string }>('/keys', 'POST', {
    name: 'Looks at failures',
    scopes: ['workspace.read', 'workflows.read', 'executions.read'],
  })
  const eve = await Person.signIn(undefined, key)
  await eve.go('failures')
  await eve.page.getByTestId('failures').first().waitFor()
  expect(await eve.page.getByRole('checkbox').count()).toBe(0)
  expect(await eve.page.getByRole('button', { name: /…/ }).count()).toBe(0)
  await eve.page.getByTestId('failures').first().getByRole('table').getByRole('link').first().click()
  await eve.untilStatus('failed')
  await eve.leave()
})
