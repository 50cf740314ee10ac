/**
 * Makes `src/api/generated.ts` from the API's document, `docs/openapi.json`, and `src/api/constants.ts` from its `x-rules`. With
 * `--check` it only tells whether that would change anything.
 */

import { readFile, writeFile } from 'node:fs/promises'

import openapiTS, { astToString } from 'openapi-typescript'
import prettier from 'prettier'

const DOCUMENT = new URL('../../docs/openapi.json', import.meta.url)
const head = (what) => `/**
 * ${what}, generated from docs/openapi.json by scripts/editor.sh types: not to be edited.
 * reason: it is generated.
 */

`

const types = head("The API's types") + astToString(await openapiTS(DOCUMENT, { alphabetize: true }))
const rules = JSON.parse(await readFile(DOCUMENT, 'utf8'))['x-rules']
const constants = `${head('Rules of the server')}export const constants = ${JSON.stringify(rules)} as const
`

for (const [name, source] of [
  ['generated', types],
  ['constants', constants],
]) {
  const file = new URL(`../src/api/${name}.ts`, import.meta.url)
  const style = await prettier.resolveConfig(file)
  const text = await prettier.format(source, { ...style, parser: 'typescript' })
  if (!process.argv.includes('--check')) {
    await writeFile(file, text)
  } else if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
    console.error(`src/api/${name}.ts is not what docs/openapi.json says: run scripts/editor.sh types`)
    process.exit(1)
  }
}
