import { chromium } from 'playwright-core'
import type { TestProject } from 'vitest/node'

import { Capstan } from './capstan'

declare module 'vitest' {
  export interface ProvidedContext {
    url: string
    key: string
    /** Its database, for commands beside it. */
    database: string
    /** Where its browser listens. */
    browser: string
  }
}

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** One server and one browser for all flows; each makes workflows of its own, and is a person of its own. */
export default async function setup(project: TestProject) {
  const executablePath = process.env['CAPSTAN_CHROMIUM'] ?? '/usr/bin/chromium'
  const [capstan, browser] = await Promise.all([
    Capstan.start(),
    chromium.launchServer({ executablePath, args: FLAGS, host: '127.0.0.1' }),
  ])
  project.provide('url', capstan.url)
  project.provide('key', capstan.key)
  project.provide('database', capstan.database)
  project.provide('browser', browser.wsEndpoint())
  return () => Promise.all([capstan.stop(), browser.close()])
}
