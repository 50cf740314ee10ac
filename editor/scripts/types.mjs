/**
 * Makes `src/api/generated.ts` from the API's document, `docs/openapi.json`. With `--check` it only tells whether that
 * would change anything.
 */

import { readFile, writeFile } from 'node:fs/promises'

import openapiTS, { astToString } from 'openapi-typescript'
import prettier from 'prettier'

const DOCUMENT = new URL('../../docs/openapi.json', import.meta.url)
const TYPES = new URL('../src/api/generated.ts', import.meta.url)
const HEAD = `/**
 * The API's types, generated from docs/openapi.json by scripts/editor.sh types: not to be edited.
 * reason: it is generated.
 */

`

const types = HEAD + astToString(await openapiTS(DOCUMENT, { alphabetize: true }))
const style = await prettier.resolveConfig(TYPES)
const text = await prettier.format(types, { ...style, parser: 'typescript' })

if (process.argv.includes('--check')) {
  const found = await readFile(TYPES, 'utf8').catch(() => '')
  if (found !== text) {
    console.error('src/api/generated.ts is not what docs/openapi.json says: run scripts/editor.sh types')
    process.exit(1)
  }
} else {
  await writeFile(TYPES, text)
}
