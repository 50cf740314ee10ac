/** A bakery that has worked with it for a while. */

import type { Page } from 'playwright-core'

import { Receiver } from '../receiver'
import { BREAD, CARD, INPUT, ORDERS, ORDERS_NEXT, scheduled } from './graphs'

interface Made {
  id: string
}

/** Asks the API as the person does whose page it is. */
export async function asks<T = Made>(
  page: Page,
  path: string,
  method = 'GET',
  body?: object,
  headers: object = {},
): Promise<T> {
  const told = await page.evaluate(
    async ([at, verb, content, more]) => {
      const response = await fetch(`/api/v1${at as string}`, {
        method: verb as string,
        headers: {
          'capstan-workspace': location.pathname.split('/')[3] ?? '',
          'content-type': 'application/json',
          ...(more as object),
        },
        ...(content === null ? {} : { body: content as string }),
      })
      return { isGood: response.ok, text: await response.text() }
    },
    [path, method, body === undefined ? null : JSON.stringify(body), headers],
  )
  if (!told.isGood) throw new Error(`${method} ${path}: ${told.text}`)
  return (told.text === '' ? null : JSON.parse(told.text)) as T
}

async function until(page: Page, id: string, status: string): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if ((await asks<{ status: string }>(page, `/executions/${id}`)).status === status) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`execution ${id} did not become ${status}`)
}

export interface Bakery {
  orders: string
  card: string
  /** An order that waits for its payment, and an invoice that could not be paid. */
  waiting: string
  failed: string
  endpoint: string
  receiver: Receiver
}

export async function furnish(page: Page, slug: string): Promise<Bakery> {
  const published = async (name: string, graph: object, about: object = {}) => {
    const { id } = await asks(page, '/workflows', 'POST', { name, graph })
    await asks(page, `/workflows/${id}/publish`, 'POST', about)
    return id
  }
  const start = async (workflow_id: string, input: object) =>
    (await asks(page, '/executions', 'POST', { workflow_id, input })).id
  await published('Weekly report', scheduled('0 9 * * 1', 'Europe/Berlin'))
  const night = await published('Count the flour', scheduled('30 2 * * *', 'Europe/Berlin'))
  await pauseSchedule(page, night)
  await published('Bread by form', BREAD)
  const card = await published('Invoices', CARD)
  const orders = await published('Orders', ORDERS, { name: 'First orders', note: 'As we did it on paper.' })
  await asks(page, `/workflows/${orders}/publish`, 'POST', { name: 'With stock' })
  await asks(page, `/workflows/${orders}/draft`, 'PUT', { graph: ORDERS_NEXT }, { 'if-match': '"1"' })

  const many = await start(orders, { lines: [...INPUT.lines, ...INPUT.lines] })
  const paid = await start(orders, INPUT)
  const given = await start(orders, INPUT)
  const failed = await start(card, { amount: 120 })
  const waiting = await start(orders, INPUT)
  await until(page, paid, 'waiting')
  await asks(page, `/executions/${paid}/signals/paid`, 'POST', { amount: 45 })
  await until(page, given, 'waiting')
  await asks(page, `/executions/${given}/cancel`, 'POST', { reason: 'ordered twice' })
  await until(page, many, 'completed')
  await until(page, failed, 'failed')
  await until(page, waiting, 'waiting')
  await fillIn(page, slug)
  await leads(page)
  await access(page)
  await asks(page, '/alert-rules/orders-late', 'PUT', { kind: 'sla', workflow_id: orders, after_s: 172_800 })
  return { orders, card, waiting, failed, ...(await endpoints(page)) }
}

async function pauseSchedule(page: Page, workflow: string): Promise<void> {
  const { items } = await asks<{ items: Made[] }>(page, `/schedules?workflow_id=${workflow}`)
  await asks(page, `/schedules/${items[0]?.id ?? ''}/pause`, 'POST', { reason: 'the mill is closed' })
}

/** Two people order bread. */
async function fillIn(page: Page, slug: string): Promise<void> {
  for (const [name, email] of [
    ['Grace Hopper', 'grace@navy.example'],
    ['Alan Turing', 'alan@park.example'],
  ])
    await page.evaluate(
      async ([url, filled]) => {
        await fetch(url ?? '', { method: 'POST', headers: { 'content-type': 'application/json' }, body: filled ?? '' })
      },
      [`/p/${slug}/bread`, JSON.stringify({ name, email, kind: 'rye' })],
    )
}

async function leads(page: Page): Promise<void> {
  const { columns } = await asks<{ columns: { status: string; allowed: string[] }[] }>(page, '/lead-board')
  const first = columns[0]
  const known = ['Barbara Liskov', 'Edsger Dijkstra', 'Katherine Johnson', 'Niklaus Wirth']
  for (const [at, name] of known.entries()) {
    const [given = '', family = ''] = name.split(' ')
    const email = `${given}@${family}.example`.toLowerCase()
    const { id } = await asks(page, '/leads', 'POST', { name, email, company: `${family} & Co` })
    let from = first?.status ?? ''
    for (let step = 0; step < at; step += 1) {
      const next = columns.find(({ status }) => status === from)?.allowed[0]
      if (next === undefined) break
      await asks(page, `/leads/${id}/status`, 'POST', { status: next, from })
      from = next
    }
  }
}

async function access(page: Page): Promise<void> {
  await asks(page, '/invitations', 'POST', { email: 'eve@bakery.example', role: 'member' })
  await asks(page, '/invitations', 'POST', { email: 'bob@bakery.example', role: 'viewer' })
  await asks(page, '/keys', 'POST', { name: 'till', scopes: ['executions.start', 'executions.read'] })
  await asks(page, '/keys', 'POST', { name: 'accounting' })
  for (const [name, host] of [
    ['payment-provider', 'api.payments.example'],
    ['parcel-service', 'parcels.example'],
  ])
    await asks(page, '/credentials', 'POST', {
      name,
      type: 'bearer',
      allowed_hosts: [host],
      fields: { token: 'nobody-sees-this-one' },
    })
}

/** One that answers, and does not always. */
async function endpoints(page: Page): Promise<{ endpoint: string; receiver: Receiver }> {
  const receiver = await Receiver.start()
  const wish = { url: receiver.url, types: ['execution.*', 'lead.*'], description: 'The till' }
  const { id } = await asks(page, '/webhook-endpoints', 'POST', wish)
  for (const status of [200, 200, 500]) {
    receiver.status = status
    const before = receiver.got.length
    await asks(page, `/webhook-endpoints/${id}/test`, 'POST')
    for (let tries = 0; tries < 400 && receiver.got.length === before; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return { endpoint: id, receiver }
}
