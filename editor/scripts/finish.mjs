// After the build: the licences of what was built in, and a packed copy beside each file that is worth it, which the
// server sends to browsers that take gzip.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

/** Shorter files are not worth it. */
const BYTES_MIN = 1024
const root = new URL('..', import.meta.url).pathname
const dist = join(root, 'dist')

const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
const isBuiltIn = (path) => path && !packages[path].dev && !packages[path].optional && !/@types|csstype/.test(path)
const builtIn = Object.keys(packages).filter(isBuiltIn)
const licences = builtIn.map((path) => {
  const name = path.replace(/^.*node_modules\//, '')
  const file = readdirSync(join(root, path)).find((found) => /^licen[cs]e/i.test(found))
  const text = file ? readFileSync(join(root, path, file), 'utf8') : `Licence: ${packages[path].license}`
  return `${name} ${packages[path].version}\n\n${text.trim()}\n`
})
writeFileSync(join(dist, 'licences.txt'), licences.join(`\n${'-'.repeat(72)}\n\n`))

for (const name of readdirSync(dist, { recursive: true })) {
  if (!/\.(js|css|html|svg|txt)$/.test(name)) continue
  const content = readFileSync(join(dist, name))
  if (content.length >= BYTES_MIN) writeFileSync(join(dist, `${name}.gz`), gzipSync(content, { level: 9 }))
}
