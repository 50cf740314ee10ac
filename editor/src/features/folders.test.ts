import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** What several features share. */
const SHARED = ['settings', 'access']

test('a feature imports no other one', () => {
  const files = readdirSync(import.meta.dirname, { recursive: true })
    .map(String)
    .filter((name) => /\/[\w-]+\.tsx?$/.test(name) && !name.includes('.test.'))
  expect(files.length).toBeGreaterThan(40)
  const crossing = files.flatMap((name) => {
    const text = readFileSync(`${import.meta.dirname}/${name}`, 'utf8')
    const others = [...text.matchAll(/from '\.\.\/([\w-]+)\//g)].map(([, folder]) => folder ?? '')
    return others.filter((folder) => !SHARED.includes(folder)).map((folder) => `${name} imports ${folder}`)
  })
  expect(crossing).toEqual([])
})
