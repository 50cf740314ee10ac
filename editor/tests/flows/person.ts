/** A person with a browser, and what such a person does again and again. */

import { join } from 'node:path'

import { chromium } from 'playwright-core'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject } from 'vitest'

/** A folder whose files are used in place of those in the program: then that need not be built anew. */
const DIST = process.env['CAPSTAN_EDITOR_DIST']

/** Longest wait for one thing. Nothing is judged by it: where others compile, a page takes its time. */
const STEP_MS_MAX = 90_000

let browser: Browser

/** Has the flows of a file use the browser. */
export function withBrowser(): void {
  beforeAll(async () => {
    browser = await chromium.connect(inject('browser'))
  })
  afterAll(() => browser.close())
}

export class Person {
  /** What the browser complained of: errors, and whatever the content security policy refused. */
  readonly complaints: string[] = []

  private constructor(
    private readonly context: BrowserContext,
    readonly page: Page,
    readonly url: string,
  ) {}

  static async signIn(url = inject('url'), key = inject('key')): Promise<Person> {
    const person = await Person.come(url)
    await person.page.goto(`${url}/editor/workflows#key=${key}`)
    await person.page.getByRole('heading', { name: 'Workflows' }).waitFor()
    expect(person.page.url()).not.toContain(key)
    return person
  }

  /** Somebody who is not signed in, at a page of the editor. */
  static async arrive(path: string): Promise<Person> {
    const person = await Person.come(inject('url'))
    await person.go(path)
    return person
  }

  private static async come(url: string): Promise<Person> {
    const context = await browser.newContext({ viewport: { width: 1600, height: 900 } })
    if (DIST) await serveFrom(DIST, context)
    const person = new Person(context, await context.newPage(), url)
    person.page.setDefaultTimeout(STEP_MS_MAX)
    person.page.on('pageerror', (error) => person.complaints.push(error.message))
    person.page.on('console', (message) => {
      // A refused request is told on the page, and each flow looks there.
      const isRequest = message.text().startsWith('Failed to load resource')
      if (message.type() === 'error' && !isRequest) person.complaints.push(message.text())
    })
    return person
  }

  async go(path: string): Promise<void> {
    await this.page.goto(`${this.url}/editor/${path}`)
  }

  /** As if the session had ended. */
  async forgetSession(): Promise<void> {
    await this.context.clearCookies()
  }

  async leave(): Promise<void> {
    await this.context.close()
    expect(this.complaints).toEqual([])
  }

  /** Makes a workflow, and answers its id; the canvas has the focus then. */
  async draw(name: string): Promise<string> {
    await this.page.goto(`${this.url}/editor/workflows`)
    await this.page.getByRole('button', { name: 'New workflow' }).click()
    await this.page.getByRole('textbox', { name: 'Name' }).fill(name)
    await this.page.keyboard.press('Enter')
    await this.node('start').waitFor()
    return this.page.url().split('/').at(-1) ?? ''
  }

  /** The same browser with a new tab, as after closing the old one. */
  async newTab(path: string): Promise<Person> {
    const other = new Person(this.context, await this.context.newPage(), this.url)
    await other.page.goto(`${this.url}/editor/${path}`)
    return other
  }

  async open(workflowId: string): Promise<void> {
    await this.page.goto(`${this.url}/editor/workflows/${workflowId}`)
    await this.page.locator('.react-flow__node').first().waitFor()
  }

  node(id: string) {
    return this.page.locator(`[data-node="${id}"]`)
  }

  /** A field of the inspector: `condition`, or `retry/attempts_max` of the policy. */
  field(name: string, part: 'config' | 'policy' = 'config') {
    return this.page.locator(`[data-field="/data/${part}/${name}"]`).locator('input, textarea, select').first()
  }

  /** Where edges begin or end: a port, or `error`, `undo` or `in`. */
  port(id: string, name: string) {
    const handle = ['in', 'error', 'undo'].includes(name) ? name : `out:${name}`
    return this.node(id).locator(`.react-flow__handle[data-handleid="${handle}"]`)
  }

  /** Draws an edge with the mouse. */
  async connect(from: string, port: string, to: string): Promise<void> {
    await this.node(from).hover()
    await this.port(from, port).dragTo(this.node(to).locator('.react-flow__handle[data-handleid="in"]'))
  }

  /** A point of an edge on the screen: 0 is where it begins, 1 where it ends. */
  async pointOfEdge(from: string, to: string, share: number): Promise<{ x: number; y: number }> {
    const line = this.page
      .getByRole('img', { name: `Edge from ${from} to ${to}`, exact: true })
      .locator('path')
      .first()
    return line.evaluate((path: SVGPathElement, at) => {
      const point = path.getPointAtLength(path.getTotalLength() * at)
      const { x, y } = point.matrixTransform(path.getScreenCTM() ?? undefined)
      return { x, y }
    }, share)
  }

  /** Points at the middle of an edge: there is a "+" then. */
  async pointAtEdge(from: string, to: string): Promise<void> {
    const { x, y } = await this.pointOfEdge(from, to, 0.5)
    await this.page.mouse.move(x, y)
  }

  /** Drags a node type from the palette to a place on the canvas, told from its upper left corner. */
  async dragIn(type: string, x: number, y: number): Promise<void> {
    const item = this.page.locator(`[data-type="${type}"]`)
    await item.dragTo(this.page.getByTestId('canvas'), { targetPosition: { x, y } })
  }

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key)
  }

  async saved(): Promise<void> {
    await this.page.getByTestId('save-status').getByText('Saved', { exact: true }).waitFor()
  }

  async publish(): Promise<void> {
    await this.page.getByRole('button', { name: 'Publish', exact: true }).click()
    await this.page.getByRole('button', { name: /^Publish version/ }).click()
    await this.page.getByRole('heading', { name: /is published$/ }).waitFor()
  }

  /** From the dialog that says that it is published. */
  async runIt(): Promise<void> {
    await this.page.getByRole('button', { name: 'Run it' }).click()
    await this.page.getByRole('button', { name: 'Start', exact: true }).click()
  }

  async untilStatus(status: string): Promise<void> {
    await this.page.getByTestId('execution-status').getByText(status, { exact: true }).waitFor()
  }

  async untilNode(id: string, status: string): Promise<void> {
    await this.page.locator(`[data-node="${id}"][data-status="${status}"]`).waitFor()
  }
}

/** Pages and files of the editor come from the folder, with the server's own headers for them. */
async function serveFrom(folder: string, context: BrowserContext): Promise<void> {
  await context.route(/\/editor\//, async (route) => {
    const { pathname, origin } = new URL(route.request().url())
    const isFile = pathname.startsWith('/editor/assets/')
    const page = await route.fetch({ url: `${origin}/editor/` })
    const { 'content-encoding': _packed, 'content-length': _size, 'content-type': _type, ...headers } = page.headers()
    await route.fulfill({ path: join(folder, isFile ? pathname.slice('/editor/'.length) : 'index.html'), headers })
  })
}

/** Asks the API itself. */
export async function api<T>(path: string, method = 'GET', body?: unknown, revision?: number): Promise<T> {
  const match = revision === undefined ? {} : { 'if-match': `"${revision}"` }
  const response = await fetch(`${inject('url')}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${inject('key')}`, 'content-type': 'application/json', ...match },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  expect(response.ok, `${method} ${path}: ${response.status}`).toBe(true)
  return (await response.json()) as T
}

export interface Stored {
  graph: { nodes: { id: string; parentId?: string; data?: { label?: string; config?: unknown } }[]; edges: object[] }
  revision: number
}
