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

export async function watchLongTasks(page: Page): Promise<void> {
  await page.evaluate(() => {
    const told = window as unknown as { longMs: number }
    told.longMs = 0
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) told.longMs += entry.duration
    }).observe({ type: 'longtask' })
  })
}

export const longTaskMs = (page: Page) => page.evaluate(() => (window as unknown as { longMs: number }).longMs)
