/**
 * How much a browser loads, packed: the shell, what the editor adds to it, and all there is. Fails where that is more than
 * it may be. The last line is one JSON object, in bytes.
 */

import { readFileSync, readdirSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const KB = 1000
const SHELL_BYTES_MAX = 180 * KB
const EDITOR_BYTES_MAX = 300 * KB
const ALL_BYTES_MAX = 700 * KB

const assets = new URL('../dist/assets/', import.meta.url)
const files = readdirSync(assets).filter((name) => /\.(js|css)$/.test(name))
const text = (name) => readFileSync(new URL(name, assets), 'utf8')
const packed = (names) => [...names].reduce((sum, name) => sum + gzipSync(text(name), { level: 9 }).length, 0)

/** What a file needs at once: its static imports, and theirs. */
function needs(names) {
  const found = new Set(names)
  for (const name of found) {
    if (!name.endsWith('.js')) continue
    for (const [, other] of text(name).matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)) found.add(other)
  }
  return found
}

/** A page that is loaded when it is looked at comes with its styles: the list that the build gives it. */
function page(name) {
  const js = files.find((file) => file.startsWith(`${name}-`) && file.endsWith('.js'))
  if (!js) throw new Error(`dist has no ${name}: run npm run build`)
  const all = needs([js])
  const words = new Set([...all].map((file) => file.replace(/-[\w-]{8}\.js$/, '')))
  const styles = files.filter((file) => file.endsWith('.css') && words.has(file.replace(/-[\w-]{8}\.css$/, '')))
  return new Set([...all, ...styles])
}

const home = readFileSync(new URL('../dist/index.html', import.meta.url), 'utf8')
const shell = needs([...home.matchAll(/assets\/([\w.-]+\.(?:js|css))/g)].map(([, name]) => name))
const editor = new Set([...page('workflow-page')].filter((name) => !shell.has(name)))
const told = { shell_bytes: packed(shell), editor_bytes: packed(editor), all_bytes: packed(files) }
const limits = { shell_bytes: SHELL_BYTES_MAX, editor_bytes: EDITOR_BYTES_MAX, all_bytes: ALL_BYTES_MAX }
for (const [name, limit] of Object.entries(limits)) {
  if (told[name] <= limit) continue
  console.error(`${name} is ${told[name]}, more than ${limit}`)
  process.exitCode = 1
}
console.log(JSON.stringify(told))
