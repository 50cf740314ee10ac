import { afterAll, beforeAll, expect, test } from 'vitest'

import { Receiver } from '../receiver'
import * as shapes from '../../src/api/webhooks'
import { Person, api, withBrowser } from './person'

withBrowser()

let receiver: Receiver
beforeAll(async () => {
  receiver = await Receiver.start()
})
afterAll(() => receiver.stop())

test('an endpoint is made, a delivery that failed is understood and sent again, and it gets a new secret', async () => {
  const ada = await Person.signIn()
  const { page } = ada
  await page.getByRole('link', { name: 'Webhooks' }).click()
  await page.getByRole('button', { name: 'New endpoint' }).click()
  await page.getByLabel('Address').fill('not an address')
  await page.getByLabel('Address').evaluate((input: HTMLInputElement) => (input.type = 'text'))
  await page.getByRole('button', { name: 'Create', exact: true }).click()
  // What is refused is told at its field, which has the focus.
  await page.locator('input[aria-invalid="true"]:focus').waitFor()
  await page.getByLabel('Address').fill(receiver.url)
  await page.getByRole('button', { name: 'Create', exact: true }).click()
  const secret = await page.getByLabel('The secret').inputValue()
  expect(secret).toMatch(/^whsec_/)
  await page.getByRole('button', { name: 'I have kept it' }).click()

  receiver.status = 500
  await page.getByRole('button', { name: 'Send a test' }).click()
  await page.getByTestId('tries').getByText('status 500').first().click()
  await page.getByTestId('tries').getByText('heard').waitFor()
  receiver.status = 200
  await page.getByRole('button', { name: 'Close' }).last().click()
  await page.getByRole('button', { name: 'Disable…' }).click()
  await page.getByRole('button', { name: 'Disable', exact: true }).click()
  await page.getByRole('table', { name: 'Deliveries' }).getByText('cancelled').waitFor()
  await page.getByRole('button', { name: 'Enable' }).click()
  await page.getByRole('button', { name: 'webhook.test' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Resend' }).click()
  await page.getByRole('dialog').getByText('delivered', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Close' }).last().click()
  const ids = new Set(receiver.got.map(({ id }) => id))
  expect(ids.size).toBe(1)

  await page.getByRole('tab', { name: 'Settings and secrets' }).click()
  await page.getByRole('button', { name: 'New secret…' }).click()
  await page.getByRole('button', { name: 'Make it' }).click()
  expect(await page.getByLabel('The secret').inputValue()).not.toBe(secret)
  await page.getByRole('button', { name: 'I have kept it' }).click()
  await page.getByText('signs along until').waitFor()
  await page.getByRole('button', { name: 'Send a test' }).click()
  await page.getByRole('dialog').getByText('delivered', { exact: true }).waitFor()
  expect(receiver.got.at(-1)?.signatures.split(' ')).toHaveLength(2)
  await ada.leave()
})

test('the API answers what the types say of webhooks', async () => {
  const { items } = await api<{ items: { id: string }[] }>('/webhook-endpoints')
  expect(items.flatMap((item) => shapes.endpoint.check(item, 'endpoint'))).toEqual([])
  const id = items[0]?.id ?? ''
  expect(shapes.counts.check(await api(`/webhook-endpoints/${id}/counts`), 'counts')).toEqual([])
  const sent = (await api<{ items: { id: string }[] }>(`/webhook-deliveries?endpoint_id=${id}`)).items
  expect(sent.flatMap((item) => shapes.delivery.check(item, 'delivery'))).toEqual([])
  const whole = await api(`/webhook-deliveries/${sent[0]?.id ?? ''}`)
  expect(shapes.deliveryWhole.check(whole, 'delivery')).toEqual([])
  const known = (await api<{ items: unknown[] }>('/event-types')).items
  expect(known.flatMap((item) => shapes.eventType.check(item, 'type'))).toEqual([])
})
