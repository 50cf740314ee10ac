import { expect, inject, test } from 'vitest'

import { found } from '../axe'
import { Receiver } from '../receiver'
import { Person, api, withBrowser } from './person'

withBrowser()

interface Made {
  id: string
}

/** What the pages of details show: a schedule, an endpoint with a delivery, a credential. */
async function made(name: string, address: string) {
  const graph = {
    nodes: [
      {
        id: 'clock',
        type: 'trigger.schedule',
        position: { x: 0, y: 0 },
        data: { config: { cron: '0 9 * * 1', zone: 'Europe/Berlin' } },
      },
      { id: 'noop', type: 'debug.noop', position: { x: 280, y: 0 } },
    ],
    edges: [{ id: 'a', source: 'clock', target: 'noop' }],
  }
  const { id } = await api<Made>('/workflows', 'POST', { name, graph })
  await api(`/workflows/${id}/publish`, 'POST')
  const [schedule] = (await api<{ items: Made[] }>(`/schedules?workflow_id=${id}`)).items
  const endpoint = await api<Made>('/webhook-endpoints', 'POST', { url: address, types: ['webhook.*'] })
  const delivery = await api<Made>(`/webhook-endpoints/${endpoint.id}/test`, 'POST')
  const credential = await api<Made>('/credentials', 'POST', {
    name: name.replaceAll(' ', '-'),
    type: 'bearer',
    allowed_hosts: ['api.example.com'],
    fields: { token: 'nobody-sees-this-one' },
  })
  return { schedule: schedule?.id ?? '', endpoint: endpoint.id, delivery: delivery.id, credential: credential.id }
}

test.each(['light', 'dark'] as const)(
  'no page of details, and no dialog, breaks a rule of WCAG 2.2 AA, %s',
  async (colorScheme) => {
    const receiver = await Receiver.start()
    const ids = await made(`Details in ${colorScheme}`, receiver.url)
    const ada = await Person.signIn()
    const { page } = ada
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const broken: string[] = []
    const look = async (what: string) => broken.push(...(await found(ada)).map((rule) => `${what}: ${rule}`))
    const lookInto = async (...buttons: string[]) => {
      for (const name of buttons) {
        await page.getByRole('button', { name, exact: true }).click()
        await page.getByRole('dialog').waitFor()
        await look(name)
        await ada.press('Escape')
        await page.getByRole('dialog').waitFor({ state: 'detached' })
      }
    }
    await page.getByRole('button', { name: 'New workflow' }).waitFor()
    await lookInto('New workflow')

    await ada.go(`schedules/${ids.schedule}`)
    await page.getByTestId('next-times').getByRole('listitem').first().waitFor()
    await look('schedule')
    await lookInto('Back-fill…', 'Pause…')

    await ada.go(`webhooks/${ids.endpoint}`)
    await page.getByRole('table', { name: 'Deliveries' }).getByText('delivered').waitFor()
    await look('endpoint')
    await lookInto('Disable…', 'Delete the endpoint…', 'Resend…')
    await page.getByRole('button', { name: 'webhook.test' }).click()
    await page.getByTestId('tries').waitFor()
    await look('delivery')
    await ada.press('Escape')
    await page.getByRole('tab', { name: 'Settings and secrets' }).click()
    await page.getByRole('button', { name: 'New secret…' }).waitFor()
    await look('settings of an endpoint')
    await lookInto('New secret…')
    await ada.go('webhooks')
    await lookInto('New endpoint')

    await ada.go(`credentials/${ids.credential}`)
    await page.getByRole('button', { name: 'Delete the credential…' }).waitFor()
    await look('credential')
    await lookInto('Delete the credential…')
    await ada.go('credentials')
    await lookInto('New credential')
    await ada.go('settings/keys')
    await lookInto('New key')
    await ada.go('settings/people')
    await lookInto('Invite')
    await api('/leads', 'POST', { name: `Ada in ${colorScheme}` })
    await ada.go('leads')
    await page.getByRole('link', { name: `Ada in ${colorScheme}` }).waitFor()
    await look('leads on a board')
    await lookInto('New lead')
    await page.getByRole('tab', { name: 'Table' }).click()
    await page.getByRole('table', { name: 'Leads' }).waitFor()
    await look('leads in a table')
    await page.getByRole('link', { name: `Ada in ${colorScheme}` }).click()
    await page.getByRole('table', { name: 'What happened' }).waitFor()
    await look('lead')
    await ada.go('nothing')
    await page.getByText('There is nothing at this address.').waitFor()
    await look('an address with nothing at it')
    expect(broken).toEqual([])
    expect(page.url()).toContain(inject('url'))
    await ada.leave()
    receiver.stop()
  },
)
