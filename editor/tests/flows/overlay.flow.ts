import { createServer, connect } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

import { afterAll, beforeAll, expect, inject, test } from 'vitest'

import { randomness } from '../build'
import { Person, api, withBrowser } from './person'

withBrowser()

const RUNS = 100
/** Of a hundred pieces of a live stream, so many are followed by the end of its connection. */
const CUTS_OF_100 = 35

/** Passes everything on, and cuts connections with live streams as chance has it. */
class Cutter {
  cuts = 0
  url = ''
  private readonly server: Server
  private readonly open = new Set<Socket>()

  constructor(target: URL, below: (limit: number) => number) {
    this.server = createServer((near) => {
      const far = connect(Number(target.port), target.hostname)
      let isLive = false
      const end = () => (near.destroy(), far.destroy())
      near.on('data', (part) => {
        isLive ||= /^GET \S+\/events HTTP/.test(part.toString('latin1'))
        far.write(part)
      })
      far.on('data', (part) => {
        const isCut = isLive && below(100) < CUTS_OF_100
        near.write(part, () => isCut && end())
        if (isCut) this.cuts += 1
      })
      for (const socket of [near, far]) {
        this.open.add(socket)
        socket.on('error', end).on('close', () => (this.open.delete(socket), end()))
      }
    })
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  stop(): void {
    this.server.close()
    for (const socket of this.open) socket.destroy()
  }
}

const below = randomness(20_300_101)
let cutter: Cutter
beforeAll(async () => {
  cutter = new Cutter(new URL(inject('url')), below)
  await cutter.start()
})
afterAll(() => cutter.stop())

/** A chain of steps, waits for signals, and conditions whose other branch is skipped. */
function randomGraph() {
  const nodes: object[] = [{ id: 'start', type: 'trigger.manual', position: { x: 0, y: 0 } }]
  const edges: object[] = []
  const signals: string[] = []
  let [before, port] = ['start', 'out']
  const lead = (to: string, from = port) =>
    edges.push({ id: `${before}-${to}`, source: before, sourceHandle: from, target: to })
  for (let at = 0; at < 4 + below(5); at += 1) {
    const position = { x: 260 * (at + 1), y: 0 }
    const kind = below(3)
    const id = `n${at}`
    if (kind === 0) {
      lead(id)
      nodes.push({ id, type: 'logic.wait_for_signal', position, data: { config: { signal: id } } })
      signals.push(id)
      ;[before, port] = [id, 'received']
    } else if (kind === 1) {
      lead(id)
      nodes.push({ id, type: 'logic.condition', position, data: { config: { condition: `{{ ${below(2) === 0} }}` } } })
      nodes.push({ id: `${id}_no`, type: 'debug.noop', position: { ...position, y: 160 } })
      before = id
      lead(`${id}_no`, 'false')
      port = 'true'
    } else {
      lead(id)
      const type = below(6) === 0 ? 'debug.fail' : 'debug.noop'
      nodes.push({ id, type, position, ...(type === 'debug.fail' ? { data: { config: { reason: 'chance' } } } : {}) })
      ;[before, port] = [id, 'out']
    }
  }
  return { graph: { nodes, edges }, signals }
}

interface Whole {
  status: string
  ended_at: string | null
  steps: { node_id: string; status: string }[]
}

test(`in ${RUNS} random executions the canvas ends as the API says, however often connections drop`, async () => {
  const ada = await Person.signIn(cutter.url)
  for (let run = 0; run < RUNS; run += 1) {
    const { graph, signals } = randomGraph()
    const { id } = await api<{ id: string }>('/workflows', 'POST', { name: `Overlay ${run}`, graph })
    await api(`/workflows/${id}/publish`, 'POST')
    const execution = await api<{ id: string }>('/executions', 'POST', { workflow_id: id })
    const path = `/executions/${execution.id}`
    // The page comes before, between or after what happens.
    const opensAt = below(signals.length + 1)
    for (const [at, name] of [...signals, ''].entries()) {
      if (at === opensAt) {
        await ada.go(`executions/${execution.id}`)
        await ada.page.getByTestId('execution-status').waitFor()
      }
      // A signal that nobody waits for any more is refused, and changes nothing.
      if (name !== '') await send(`${path}/signals/${name}`)
    }
    const whole = await ended(path)
    await ada.untilStatus(whole.status)
    const told = new Map(whole.steps.map((step) => [step.node_id, step.status]))
    for (const node of graph.nodes as { id: string }[]) await ada.untilNode(node.id, told.get(node.id) ?? 'pending')
  }
  expect(cutter.cuts).toBeGreaterThan(RUNS / 10)
  await ada.leave()
}, 600_000)

async function send(path: string): Promise<void> {
  const headers = { authorization: `Bearer ${inject('key')}`, 'content-type': 'application/json' }
  await fetch(`${inject('url')}/api/v1${path}`, { method: 'POST', headers, body: '{}' })
}

/** Signals that came first are there when they are waited for: so it ends. */
async function ended(path: string): Promise<Whole> {
  for (let tries = 0; tries < 600; tries += 1) {
    const whole = await api<Whole>(path)
    if (whole.ended_at !== null) return whole
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`${path} does not end`)
}
