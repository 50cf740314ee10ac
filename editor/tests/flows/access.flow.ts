import { expect, test } from 'vitest'

import { found } from '../axe'
import { Person, api, withBrowser } from './person'
import type { Stored } from './person'

withBrowser()

test.each(['light', 'dark'] as const)('no page breaks a rule of WCAG 2.2 AA, %s', async (colorScheme) => {
  const graph = {
    nodes: [
      { id: 'start', type: 'trigger.manual', position: { x: 0, y: 0 } },
      {
        id: 'switch',
        type: 'logic.condition',
        position: { x: 280, y: 0 },
        data: { config: { condition: '{{ input.x }}' } },
      },
      { id: 'wait', type: 'logic.wait_for_signal', position: { x: 560, y: 0 }, data: { config: { signal: 'go' } } },
      { id: 'fail', type: 'debug.fail', position: { x: 560, y: 120 } },
    ],
    edges: [
      { id: 'a', source: 'start', target: 'switch' },
      { id: 'b', source: 'switch', sourceHandle: 'true', target: 'wait', data: { when: 'input.x' } },
      { id: 'c', source: 'switch', sourceHandle: 'false', target: 'fail' },
    ],
  }
  const { id } = await api<{ id: string }>('/workflows', 'POST', { name: 'Accessible', graph })
  await api(`/workflows/${id}/publish`, 'POST')
  const begin = async (x: boolean) =>
    (await api<{ id: string }>('/executions', 'POST', { workflow_id: id, input: { x } })).id
  const [waiting, failed] = [await begin(true), await begin(false)]

  const ada = await Person.signIn()
  await ada.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
  const broken: string[] = []
  const look = async (what: string) => broken.push(...(await found(ada)).map((rule) => `${what}: ${rule}`))
  await ada.page.goto(`${ada.url}/editor/workflows`)
  await ada.page.getByRole('link', { name: 'Accessible' }).first().waitFor()
  await look('workflows')
  await ada.page.goto(`${ada.url}/editor/executions`)
  await ada.page.getByRole('table').waitFor()
  await look('executions')
  for (const path of [
    'webhooks',
    'schedules',
    'forms',
    'credentials',
    'usage',
    'overview',
    'failures',
    'alerts',
    'alerts?tab=rules',
    'settings/people',
    'settings/keys',
    'settings/audit',
  ]) {
    await ada.page.goto(`${ada.url}/editor/${path}`)
    await ada.page.locator('.rows, .empty, .failure, .section').first().waitFor()
    await look(path)
  }
  await ada.open(id)
  await ada.node('wait').click()
  await ada.page.getByTestId('problems').getByText('No problems').click()
  await look('editor')
  await ada.page.getByRole('tab', { name: 'Policy' }).click()
  await ada.page.getByRole('tab', { name: 'Outline' }).click()
  await look('policy and outline')
  for (const name of ['Find a step (Ctrl-F)', 'Keys (?)', 'Try out', 'Run', 'Publish', 'version 1']) {
    await ada.page.getByRole('button', { name, exact: true }).click()
    await ada.page.getByRole('dialog').waitFor()
    await look(name)
    await ada.press('Escape')
  }
  await lookAtTrying(ada, id, failed, look)
  await ada.page.goto(`${ada.url}/editor/executions/${waiting}?step=wait`)
  await ada.untilNode('wait', 'waiting')
  await ada.page.getByTestId('why').waitFor()
  await look('waiting execution')
  await ada.page.goto(`${ada.url}/editor/executions/${failed}?step=fail`)
  await ada.untilStatus('failed')
  await ada.untilNode('fail', 'failed')
  await look('failed execution')
  await ada.page.getByRole('button', { name: 'Step through it' }).click()
  await ada.page.getByRole('slider').press('End')
  await look('stepped through')
  await ada.page.getByRole('button', { name: 'Restart…' }).click()
  await ada.page.locator('.plan').waitFor()
  await look('restart')
  expect(broken).toEqual([])
  await ada.leave()
})

/** With the data of an execution: a step tested and pinned, a simulation, and a merge. */
async function lookAtTrying(
  ada: Person,
  workflow: string,
  execution: string,
  look: (what: string) => Promise<unknown>,
): Promise<void> {
  const { page } = ada
  await page.goto(`${ada.url}/editor/workflows/${workflow}?execution=${execution}`)
  await page.getByTestId('basis').waitFor()
  await page.getByRole('tab', { name: 'Test' }).click()
  await page.getByRole('button', { name: 'Test this step' }).click()
  await page.getByTestId('test-result').waitFor()
  await page.getByRole('button', { name: 'Pin an output by hand' }).click()
  await page.getByTestId('pinned').getByLabel('Output').fill('{"x": 1}')
  await page.getByRole('button', { name: 'Try out', exact: true }).click()
  await page.getByRole('button', { name: 'Simulate' }).click()
  await page.getByTestId('simulation').locator('summary').first().click()
  await ada.saved()
  await look('test, pinned and simulation')
  const { graph, revision } = await api<Stored>(`/workflows/${workflow}`)
  const [first, ...others] = graph.nodes
  await api(
    `/workflows/${workflow}/draft`,
    'PUT',
    { graph: { ...graph, nodes: [{ ...first, data: { label: 'X' } }, ...others] } },
    revision,
  )
  await ada.node('start').click()
  await page.getByTestId('label').fill('Y')
  await page.getByRole('button', { name: 'Merge…' }).click()
  await page.getByRole('radio').first().waitFor()
  await look('merge')
}

test.each(['light', 'dark'] as const)(
  'no page for people who are not signed in breaks one, %s',
  async (colorScheme) => {
    const eve = await Person.arrive('login')
    await eve.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const broken: string[] = []
    for (const path of [
      'login',
      'sign-up',
      'forgot',
      'verify?token=none',
      'reset?token=none',
      'invitation?token=none',
    ]) {
      await eve.go(path)
      await eve.page.getByRole('heading').waitFor()
      await eve.page.locator('input, .failure').first().waitFor()
      broken.push(...(await found(eve)).map((rule) => `${path}: ${rule}`))
    }
    expect(broken).toEqual([])
    await eve.leave()
  },
)
