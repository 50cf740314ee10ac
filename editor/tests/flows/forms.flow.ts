import { expect, test } from 'vitest'

import * as shapes from '../../src/api/forms'
import { foundInBoth } from '../axe'
import { proofTo } from '../mailbox'
import { Person, api, withBrowser } from './person'

withBrowser()

const GRAPH = {
  nodes: [
    {
      id: 'form',
      type: 'trigger.form',
      position: { x: 0, y: 0 },
      data: {
        config: {
          title: 'Order rolls',
          path: 'rolls',
          fields: [
            { name: 'email', label: 'E-mail', type: 'email', required: true },
            { name: 'kind', label: 'Kind', type: 'select', options: ['rye', 'wheat'] },
          ],
        },
      },
    },
    { id: 'log', type: 'debug.log', position: { x: 280, y: 0 }, data: { config: { message: '{{ input.kind }}' } } },
  ],
  edges: [{ id: 'a', source: 'form', target: 'log' }],
}

test('a published form is listed with its address, looked at, filled in, and held up', async () => {
  const { id } = await api<{ id: string }>('/workflows', 'POST', { name: 'Rolls', graph: GRAPH })
  await api(`/workflows/${id}/publish`, 'POST')
  const ada = await Person.signIn()
  const { page } = ada
  await page.getByRole('link', { name: 'Forms', exact: true }).click()
  const row = page.getByRole('row').filter({ hasText: 'Order rolls' })
  await row.getByText('nothing of late').waitFor()
  await row.getByRole('button', { name: 'Order rolls', exact: true }).click()
  const asked = page.getByRole('table', { name: 'What it asks for' })
  await asked.getByText('select of rye, wheat').waitFor()
  expect(await foundInBoth(ada)).toEqual([])
  await ada.press('Escape')

  const url = await row.getByRole('link', { name: /^\/p\// }).getAttribute('href')
  const eve = await ada.newTab(`..${url}`)
  await eve.page.getByLabel('E-mail').fill('eve@example.com')
  await eve.page.getByLabel('Kind').selectOption('rye')
  await eve.page.getByRole('button').click()
  await eve.page.getByText('Thank you').waitFor()
  await row.getByRole('link', { name: /just now|ago/ }).waitFor()
  await row.getByRole('button', { name: 'Hold up Order rolls' }).click()
  await row.getByText('held up').waitFor()
  const { items } = await api<{ items: { workflow_id: string | null }[] }>('/pauses')
  expect(items.map((pause) => pause.workflow_id)).toContain(id)
  await row.getByRole('button', { name: 'Let Order rolls go on' }).click()
  await row.getByText('open', { exact: true }).waitFor()
  await row.getByRole('link', { name: /just now|ago/ }).click()
  await ada.untilStatus('completed')
  await ada.leave()
})

test('a form that asks for a proven address starts nothing until the button behind the mailed link is pressed', async () => {
  const [form, ...others] = GRAPH.nodes
  const config = { ...form?.data.config, title: 'Letters', path: 'letters', verify_email: 'email' }
  const graph = { ...GRAPH, nodes: [{ ...form, data: { config } }, ...others] }
  const { id } = await api<{ id: string }>('/workflows', 'POST', { name: 'Letters', graph })
  await api(`/workflows/${id}/publish`, 'POST')
  const ada = await Person.signIn()
  const { page } = ada
  await page.getByRole('link', { name: 'Forms', exact: true }).click()
  const row = page.getByRole('row').filter({ hasText: 'Letters' })
  await row.getByText('Nobody has still to confirm the address').waitFor()

  const url = await row.getByRole('link', { name: /^\/p\// }).getAttribute('href')
  const eve = await ada.newTab(`..${url}`)
  await eve.page.getByLabel('E-mail').fill('eve@letters.example')
  await eve.page.getByLabel('Kind').selectOption('rye')
  await eve.page.getByRole('button').click()
  await eve.page.getByRole('heading', { name: 'One more step' }).waitFor()
  await row.getByText('1 has still to confirm the address').waitFor()
  const started = () => api<{ items: unknown[] }>(`/executions?workflow_id=${id}`)
  expect((await started()).items).toEqual([])

  const proof = await proofTo('eve@letters.example')
  // Looking is not pressing: programs open links in mails, too.
  await eve.page.goto(`${ada.url}${proof}`)
  await eve.page.getByRole('heading', { name: 'Letters' }).waitFor()
  expect((await started()).items).toEqual([])
  await eve.page.getByRole('button', { name: 'Send' }).click()
  await eve.page.getByText('Thank you').waitFor()
  await eve.page.goto(`${ada.url}${proof}`)
  await eve.page.getByRole('heading', { name: 'Already sent' }).waitFor()
  await row.getByText('Nobody has still to confirm the address').waitFor()
  expect((await started()).items).toHaveLength(1)
  await row.getByRole('link', { name: /just now|ago/ }).click()
  await ada.untilStatus('completed')
  await ada.leave()
})

test('the API answers what the types say of forms', async () => {
  const { items, next } = await api<shapes.Forms>('/forms')
  expect(shapes.forms.check({ items, next }, '/forms')).toEqual([])
  expect(items.length).toBeGreaterThan(0)
  const { workspace } = await api<{ workspace: { slug: string } }>('/me')
  expect(items[0]?.url.startsWith(`/p/${workspace.slug}/`)).toBe(true)
})
