// Puts a packed copy beside each file of the build that is worth it; the server sends it to browsers that take gzip.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

/** Shorter files are not worth it. */
const BYTES_MIN = 1024
const dist = new URL('../dist', import.meta.url).pathname

for (const name of readdirSync(dist, { recursive: true })) {
  if (!/\.(js|css|html|svg)$/.test(name)) continue
  const content = readFileSync(join(dist, name))
  if (content.length >= BYTES_MIN) writeFileSync(join(dist, `${name}.gz`), gzipSync(content, { level: 9 }))
}
