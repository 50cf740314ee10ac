/** Pages that other flows do not hold to WCAG 2.2 AA: those of somebody who has an account, and those outside of the editor. */

import { expect, test } from 'vitest'

import { foundInBoth } from '../axe'
import { linkTo } from '../mailbox'
import { Person, api, withBrowser } from './person'

withBrowser()

interface Made {
  id: string
}

/** What each page breaks, by what it shows. */
function looking(person: Person) {
  const broken: string[] = []
  const look = async (what: string) => broken.push(...(await foundInBoth(person)).map((rule) => `${what}, ${rule}`))
  return { broken, look }
}

test('no page of somebody with an account breaks a rule of WCAG 2.2 AA', async () => {
  const ada = await Person.arrive('sign-up')
  const { page } = ada
  const { broken, look } = looking(ada)
  await page.getByLabel('E-mail address').fill('ada@looked-at.example')
  await page.getByRole('button', { name: 'Send the link' }).click()
  await page.getByText('A mail is on its way').waitFor()
  await look('a mail is on its way')
  await ada.go(await linkTo('ada@looked-at.example', 'verify'))
  await page.getByLabel('Your name').fill('Ada')
  await page.getByLabel('Password').fill('every page is for all')
  await look('a new account')
  await page.getByRole('button', { name: 'Create the account' }).click()
  await page.getByRole('region', { name: 'First steps' }).waitFor()
  await look('the first run')
  const workspace = new URL(page.url()).pathname.split('/')[3] ?? ''
  await ada.go(`w/${workspace}/settings/account`)
  await page.getByRole('table', { name: 'Sessions' }).getByText('this one').waitFor()
  await look('the account')
  await ada.go('workspaces')
  await page.getByRole('link', { name: /looked/i }).waitFor()
  await look('workspaces')
  await ada.draw('While signed out')
  await ada.forgetSession()
  await ada.dragIn('debug.noop', 460, 390)
  await page.getByRole('heading', { name: 'Sign in again' }).waitFor()
  await look('signing in again')
  expect(broken).toEqual([])
  await ada.leave()
})

const FORM = {
  nodes: [
    {
      id: 'form',
      type: 'trigger.form',
      position: { x: 0, y: 0 },
      data: {
        config: {
          title: 'Come to the feast',
          description: 'Tell us who comes.',
          path: 'feast',
          consent: 'I agree that my answer is kept.',
          fields: [
            { name: 'email', label: 'E-mail', type: 'email', required: true },
            { name: 'guests', label: 'Guests', type: 'number', required: true },
            { name: 'dish', label: 'Dish', type: 'select', options: ['bread', 'cheese'] },
            { name: 'words', label: 'Anything else', type: 'textarea' },
          ],
        },
      },
    },
    { id: 'noop', type: 'debug.noop', position: { x: 280, y: 0 } },
  ],
  edges: [{ id: 'a', source: 'form', target: 'noop' }],
}

test('neither does a form that anybody fills in: as it comes, refused, and sent', async () => {
  const { id } = await api<Made>('/workflows', 'POST', { name: 'Feast', graph: FORM })
  await api(`/workflows/${id}/publish`, 'POST')
  const { workspace } = await api<{ workspace: { slug: string } }>('/me')
  const eve = await Person.arrive(`../p/${workspace.slug}/feast`)
  const { page } = eve
  const { broken, look } = looking(eve)
  await page.getByRole('heading', { name: 'Come to the feast' }).waitFor()
  await look('form')
  // The server judges what a browser would not have sent.
  await page.locator('form').evaluate((form: HTMLFormElement) => (form.noValidate = true))
  await page.getByRole('button').click()
  await page.locator('.error').first().waitFor()
  await look('form that was refused')
  await page.getByLabel('E-mail').fill('eve@example.com')
  await page.getByLabel('Guests').fill('3')
  await page.getByRole('checkbox').check()
  await page.getByRole('button').click()
  await page.getByText('Thank you').waitFor()
  await look('form that was sent')
  expect(broken).toEqual([])
  await eve.leave()
})

const ASKING = {
  nodes: [
    { id: 'start', type: 'trigger.manual', position: { x: 0, y: 0 } },
    { id: 'links', type: 'data.approval_link', position: { x: 280, y: -60 }, data: { config: { node: 'chief' } } },
    {
      id: 'chief',
      type: 'logic.approval',
      position: { x: 280, y: 60 },
      data: {
        config: {
          title: 'Buy a lathe?',
          text: 'The old one is worn.',
          deadline: '3d',
          fields: [{ name: 'centre', label: 'Cost centre', type: 'number', required: true }],
        },
      },
    },
    { id: 'buy', type: 'debug.noop', position: { x: 560, y: 60 } },
  ],
  edges: [
    { id: 'a', source: 'start', target: 'links' },
    { id: 'b', source: 'start', target: 'chief' },
    { id: 'c', source: 'chief', sourceHandle: 'approved', target: 'buy' },
  ],
}

interface Steps {
  steps: { node_id: string; status: string; output: { page_url?: string } | null }[]
}

/** The page behind the link that an execution made, once it asks. */
async function approvalOf(execution: string): Promise<string> {
  for (let tries = 0; tries < 400; tries += 1) {
    const { steps } = await api<Steps>(`/executions/${execution}`)
    const link = steps.find(({ node_id }) => node_id === 'links')?.output?.page_url
    const isAsked = steps.some(({ node_id, status }) => node_id === 'chief' && status === 'waiting')
    if (link && isAsked) return `..${new URL(link).pathname}`
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error('the approval was not asked')
}

test('neither does the page behind a link that asks for an approval', async () => {
  const { id } = await api<Made>('/workflows', 'POST', { name: 'Asks by a link', graph: ASKING })
  await api(`/workflows/${id}/publish`, 'POST')
  const execution = await api<Made>('/executions', 'POST', { workflow_id: id })
  const chief = await Person.arrive(await approvalOf(execution.id))
  const { page } = chief
  const { broken, look } = looking(chief)
  await page.getByRole('button', { name: 'Approve' }).waitFor()
  await look('approval')
  await page.locator('form').evaluate((form: HTMLFormElement) => (form.noValidate = true))
  await page.getByRole('button', { name: 'Approve' }).click()
  await page.locator('.error').first().waitFor()
  await look('approval that lacks something')
  await page.getByLabel('Cost centre').fill('12')
  await page.getByRole('button', { name: 'Approve' }).click()
  await page.getByText('You approved').waitFor()
  await look('approval that was given')
  expect(broken).toEqual([])
  await chief.leave()
})

test('neither do the pages of an installation beside the editor: signing in, the overview, and its mailbox', async () => {
  const ada = await Person.arrive('..')
  const { page } = ada
  const { broken, look } = looking(ada)
  await page.locator('.list, svg.graph').first().waitFor()
  await look('overview')
  // On this machine one need not sign in; whoever tries with a wrong key is asked again.
  await page.evaluate(() => {
    const form = document.createElement('form')
    Object.assign(form, { method: 'post', action: '/session', innerHTML: '<input name="key" value="wrong">' })
    document.body.append(form)
    form.submit()
  })
  await page.getByLabel('API key').waitFor()
  await page.getByRole('alert').waitFor()
  await look('signing in')
  await ada.go('../dev/mail')
  await page.getByRole('heading', { name: 'Mailbox' }).waitFor()
  await look('mailbox')
  expect(broken).toEqual([])
  await ada.leave()
})
