/** A burst of events, as the server tells them of steps that start and end: written in the page, so that it costs both sides the same. */

import type { Page } from 'playwright-core'

import type { Person } from '../flows/person'

export interface Burst {
  /** The execution that they are about. */
  execution: string
  events: number
  ms: number
  /** Nodes are `n2` and so on, as many as this. */
  nodes: number
}

interface InPage {
  /** Tells the page one event; `bare.ts` takes it at once, the editor through its live stream. */
  tell(id: string, status: string, at: number): void
  burst(): Promise<void>
}

/** In the page, before anything else: sends the events evenly. */
function sender({ events, ms, nodes }: Burst): void {
  const words = ['running', 'completed']
  const inPage = window as unknown as InPage
  inPage.burst = () =>
    new Promise((done) => {
      const begun = performance.now()
      let sent = 0
      const timer = setInterval(() => {
        const due = Math.min(events, Math.floor(((performance.now() - begun) / ms) * events))
        for (; sent < due; sent += 1)
          inPage.tell(`n${2 + (sent % nodes)}`, words[Math.floor(sent / nodes) % 2] ?? '', sent)
        if (sent < events) return
        clearInterval(timer)
        requestAnimationFrame(() => done())
      }, 10)
    })
}

/**
 * In the page, before anything else: the live stream of one execution is what `tell` writes, and whole answers know of what
 * it told; all else is asked for as ever.
 */
function streamOfEvents({ execution }: Burst): void {
  const real = window.fetch.bind(window)
  const [told, base] = [new Map<string, { fired_at: string } & Record<string, unknown>>(), 1_000]
  let [position, out] = [0, null as ReadableStreamDefaultController<Uint8Array> | null]
  const json = (value: unknown) =>
    new Response(JSON.stringify(value), { headers: { 'content-type': 'application/json' } })
  window.fetch = async (input, init) => {
    if (String(input).endsWith(`/executions/${execution}/events`)) {
      const body = new ReadableStream<Uint8Array>({ start: (controller) => void (out = controller) })
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
    }
    const response = await real(input, init)
    if (!String(input).endsWith(`/executions/${execution}`) || told.size === 0) return response
    const whole = (await response.json()) as { steps: object[] }
    return json({ ...whole, position, steps: [...whole.steps, ...told.values()] })
  }
  const tell: InPage['tell'] = (node_id, status, at) => {
    position = base + at
    const news = { node_id, scope: '', status, port: null, attempts: 1, error: null }
    const now = new Date().toISOString()
    const fired_at = told.get(node_id)?.fired_at ?? now
    const times = { fired_at, settled_at: status === 'completed' ? now : null, waiting: null, retry_at: null }
    told.set(node_id, { ...news, ...times, label: node_id, type: 'debug.noop', output: null })
    const data = JSON.stringify({ ...news, position })
    out?.enqueue(new TextEncoder().encode(`event: step\nid: ${at}\ndata: ${data}\n\n`))
  }
  Object.assign(window, { tell })
}

export async function prepareBare({ page }: Person, burst: Burst): Promise<void> {
  await page.addInitScript(sender, burst)
}

export async function prepareLive({ page }: Person, burst: Burst): Promise<void> {
  await page.addInitScript(sender, burst)
  await page.addInitScript(streamOfEvents, burst)
}

export async function send(page: Page): Promise<void> {
  await page.evaluate(() => (window as unknown as InPage).burst())
}

/** A second of frames that come in time, or as good as it gets. */
export async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const [begun, FRAME_MS, QUIET_MS, WAIT_MS] = [performance.now(), 50, 1_000, 10_000]
    let [before, quiet] = [begun, begun]
    while (before - quiet < QUIET_MS && before - begun < WAIT_MS) {
      const now = await new Promise<number>((done) => requestAnimationFrame(() => done(performance.now())))
      if (now - before > FRAME_MS) quiet = now
      before = now
    }
  })
}
