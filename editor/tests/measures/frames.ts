/** What a browser takes for frames and long tasks while somebody works. */

import type { Page } from 'playwright-core'

/** Distance of one step of the mouse, and how many there are there and back. */
const STEP_PX = 6
const STEPS = 120

export async function pannedP95(page: Page, at: { x: number; y: number }): Promise<number> {
  await page.evaluate(() => {
    const told = window as unknown as { frames: number[]; isOver: boolean }
    Object.assign(told, { frames: [], isOver: false })
    let before = performance.now()
    const frame = (now: number) => {
      told.frames.push(now - before)
      before = now
      if (!told.isOver) requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
  })
  await page.mouse.move(at.x, at.y)
  await page.mouse.down()
  for (let step = 0; step < STEPS; step += 1) {
    const out = step < STEPS / 2 ? step : STEPS - step
    await page.mouse.move(at.x + out * STEP_PX, at.y + (out * STEP_PX) / 2)
  }
  await page.mouse.up()
  const frames = await page.evaluate(() => {
    const told = window as unknown as { frames: number[]; isOver: boolean }
    told.isOver = true
    return told.frames.slice(1)
  })
  frames.sort((a, b) => a - b)
  return frames[Math.floor(frames.length * 0.95)] ?? 0
}

export interface Tasks {
  /** What the page's main thread computed. Only told: a page that is starved draws fewer pictures, and computes less. */
  busy_ms: number
  /** Of that, in tasks that computed for so long that a person would notice. */
  long_ms: number
  /** The same as the browser tells it, by the clock: on a busy machine that is how long others made it wait. */
  long_by_clock_ms: number
}

/** What the browser calls long. */
const LONG_MS = 50

interface Traced {
  name: string
  ph: string
  pid: number
  tid: number
  dur?: number
  /** Processor time, in microseconds. */
  tdur?: number
  args?: { name?: string }
}

/** The tasks of the page while something happens, from the browser's own trace: they have their processor time. */
export async function tasksOf(page: Page, happens: () => Promise<void>): Promise<Tasks> {
  const browser = page.context().browser()
  if (!browser) throw new Error('there is no browser to be traced')
  await browser.startTracing(page, { categories: ['-*', 'devtools.timeline', 'disabled-by-default-devtools.timeline'] })
  await happens()
  const { traceEvents } = JSON.parse(String(await browser.stopTracing())) as { traceEvents: Traced[] }
  const threadOf = ({ pid, tid }: Traced) => `${pid} ${tid}`
  const names = traceEvents.filter(({ ph, name, args }) => ph === 'M' && name === 'thread_name' && args?.name === MAIN)
  const main = new Set(names.map(threadOf))
  const tasks = traceEvents.filter((event) => event.ph === 'X' && event.name === 'RunTask' && main.has(threadOf(event)))
  if (tasks.length === 0) throw new Error('the trace has no tasks')
  const sum = (lengths: (number | undefined)[], min: number) =>
    lengths.map((us = 0) => us / 1_000).reduce((all, ms) => (ms > min ? all + ms : all), 0)
  const computed = tasks.map(({ tdur }) => tdur)
  return {
    busy_ms: Math.round(sum(computed, 0)),
    long_ms: Math.round(sum(computed, LONG_MS)),
    long_by_clock_ms: Math.round(
      sum(
        tasks.map(({ dur }) => dur),
        LONG_MS,
      ),
    ),
  }
}

const MAIN = 'CrRendererMain'
