import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const LINES_MAX = 400
const MEDIAN_LINES_MAX = 150
const SOURCES = readdirSync(import.meta.dirname, { recursive: true })
  .map(String)
  .filter(
    (name) =>
      /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name) && !['api/generated.ts', 'api/constants.ts'].includes(name),
  )
  .map((name) => ({ name, text: readFileSync(`${import.meta.dirname}/${name}`, 'utf8') }))

/** Files that import something whose name begins so, other than those below the folders that may. */
function importing(word: string, ...allowed: string[]): string[] {
  const found = SOURCES.filter(({ text }) => new RegExp(`from '${word}|import '${word}`).test(text))
  return found.map(({ name }) => name).filter((name) => !allowed.some((folder) => name.startsWith(folder)))
}

test('files are small', () => {
  const lines = SOURCES.map(({ text }) => text.split('\n').length).sort((a, b) => a - b)
  expect(SOURCES.filter(({ text }) => text.split('\n').length > LINES_MAX).map(({ name }) => name)).toEqual([])
  expect(lines[Math.floor(lines.length / 2)]).toBeLessThanOrEqual(MEDIAN_LINES_MAX)
})

test('one folder names React Flow, and one file the layout library', () => {
  expect(importing('@xyflow/', 'canvas/')).toEqual([])
  expect(importing('@dagrejs/', 'document/layout.ts')).toEqual([])
})

test('the document is pure: it knows no React, no browser and no server', () => {
  const inside = SOURCES.filter(({ name }) => name.startsWith('document/'))
  const impure = inside.filter(({ text }) =>
    /from '(react|\.\.\/)|\b(window|fetch|localStorage|Date|Math\.random)\b/.test(text),
  )
  expect(impure.map(({ name }) => name)).toEqual([])
})

test('only what is meant to asks the server', () => {
  const asking = SOURCES.filter(({ text }) => /\bfetch\(/.test(text)).map(({ name }) => name)
  expect(asking.sort()).toEqual(['api/client.ts', 'api/follow.ts'])
})
