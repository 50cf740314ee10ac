/** The fields of a credential, from the schema of its type. */

import { fieldsOf, kindOf } from '../../inspector/schema'
import type { Field, Json } from '../../inspector/schema'

export type CredentialField = Field & {
  isSecret: boolean
  /** Lines of `name: value`. */
  isMap: boolean
  choices: readonly string[]
  title: string
}

export function credentialFields(schema: Json, secret: readonly string[]): CredentialField[] {
  return fieldsOf(schema, schema).map((field) => {
    const found = kindOf(field.schema, schema)
    return {
      ...field,
      isSecret: secret.includes(field.name) || field.schema['writeOnly'] === true,
      isMap: found.kind === 'map' || found.kind === 'object',
      choices: found.kind === 'choice' ? found.choices.map(({ value }) => value) : [],
      title: typeof field.schema['title'] === 'string' ? field.schema['title'] : field.name,
    }
  })
}

/** What is sent: numbers as numbers, lines as an object, and nothing for what is left empty. */
export function fieldValues(fields: readonly CredentialField[], written: Readonly<Record<string, string>>): Json {
  const given = fields.flatMap((field): [string, unknown][] => {
    const text = written[field.name] ?? ''
    if (text.trim() === '') return []
    if (field.isMap) return [[field.name, pairs(text)]]
    const kind = kindOf(field.schema, {}).kind
    if (kind === 'number') return [[field.name, Number(text)]]
    return [[field.name, kind === 'boolean' ? text === 'true' : text]]
  })
  return Object.fromEntries(given)
}

/** `name: value` on each line; what has no colon is a name without a value, which the server refuses. */
export function pairs(lines: string): Record<string, string> {
  const entries = lines
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line): [string, string] => {
      const at = line.indexOf(':')
      return at < 0 ? [line.trim(), ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()]
    })
  return Object.fromEntries(entries)
}

export function hostsOf(lines: string): string[] {
  return [...new Set(lines.split(/[\s,]+/).filter(Boolean))]
}

/** Where the browser goes to connect an account as a credential of that name. */
export function connectAddress(at: string, workspace: string, name: string, from: string): string {
  return `${at}?${new URLSearchParams({ ...(workspace ? { workspace } : {}), name, ...(from ? { from } : {}) })}`
}
