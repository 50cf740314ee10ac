/** What axe finds wrong on a page, by the rules of WCAG 2.2 AA, none of them left out. */

import { readFileSync } from 'node:fs'

import type { Person } from './flows/person'

const AXE = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

interface AxeResult {
  violations: { id: string; nodes: { html: string }[] }[]
}

/** Rule by rule, with the elements. */
export async function found(person: Person): Promise<string[]> {
  await person.page.evaluate(AXE)
  return person.page.evaluate(async (tags) => {
    const { axe } = window as unknown as { axe: { run(on: Document, options: object): Promise<AxeResult> } }
    const { violations } = await axe.run(document, { runOnly: tags })
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`)
  }, TAGS)
}

/** In both themes. */
export async function foundInBoth(person: Person): Promise<string[]> {
  const all: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await person.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    all.push(...(await found(person)).map((rule) => `${colorScheme}: ${rule}`))
  }
  return all
}
