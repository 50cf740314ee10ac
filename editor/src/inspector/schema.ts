/**
 * The part of JSON Schema that node types use, as fields of a form. Whatever else there is becomes a field for JSON.
 */

export type Json = Record<string, unknown>

export type FieldKind =
  | { kind: 'text' | 'number' | 'boolean' | 'value' }
  | { kind: 'credential'; types: string[] }
  | { kind: 'choice'; choices: { value: string; description: string }[] }
  | { kind: 'list'; item: Json }
  | { kind: 'object'; fields: Field[] }
  | { kind: 'map'; item: Json }

export interface Field {
  name: string
  schema: Json
  description: string
  isRequired: boolean
  /** It is an entry of a list or a map: it is there, or it is not. */
  isEntry?: boolean
  /** What counts if it is left out. */
  fallback: unknown
}

/** Follows references into `root`; what stands beside a reference counts more. */
export function resolved(schema: Json, root: Json): Json {
  const reference = schema['$ref']
  if (typeof reference !== 'string' || !reference.startsWith('#/$defs/')) return schema
  const target = object(object(root['$defs'])[reference.slice('#/$defs/'.length)])
  const { $ref: _followed, ...beside } = schema
  return { ...resolved(target, root), ...beside }
}

export function fieldsOf(schema: Json, root: Json): Field[] {
  const required = list(schema['required'])
  const fields = Object.entries(object(schema['properties'])).map(([name, given]) => {
    const found = resolved(object(given), root)
    return {
      name,
      schema: found,
      description: text(found['description']),
      isRequired: required.includes(name),
      fallback: found['default'],
    }
  })
  // What has to be said comes first, as the server lists it, then what one looks for most; the rest is sorted by name.
  const place = ({ name, isRequired }: Field) =>
    isRequired ? required.indexOf(name) : required.length + placeIn(FAMILIAR, name)
  return fields.sort((one, other) => place(one) - place(other))
}

/** Names of optional fields that most people look for, whatever the type is. */
const FAMILIAR = [
  'method',
  'zone',
  'type',
  'required',
  'options',
  'path',
  'description',
  'name',
  'query',
  'headers',
  'body',
]

function placeIn(names: readonly string[], name: string): number {
  const at = names.indexOf(name)
  return at === -1 ? names.length : at
}

export function kindOf(schema: Json, root: Json): FieldKind {
  const fitting = schema['x-capstan-credential']
  if (Array.isArray(fitting)) return { kind: 'credential', types: fitting.map(text) }
  const choices = choicesOf(schema)
  if (choices.length > 0) return { kind: 'choice', choices }
  const options = [...list(schema['anyOf']), ...list(schema['oneOf'])].map((option) => resolved(object(option), root))
  const real = options.filter((option) => option['type'] !== 'null')
  if (real.length === 1 && real[0]) return kindOf(real[0], root)
  if (real.length > 1) return { kind: real.every((option) => isTextual(option, root)) ? 'text' : 'value' }
  return kindOfType(schema, root)
}

function kindOfType(schema: Json, root: Json): FieldKind {
  const types = (Array.isArray(schema['type']) ? schema['type'] : [schema['type']]).filter((name) => name !== 'null')
  if (types.length !== 1) return { kind: 'value' }
  switch (types[0]) {
    case 'string':
      return { kind: 'text' }
    case 'number':
    case 'integer':
      return { kind: 'number' }
    case 'boolean':
      return { kind: 'boolean' }
    case 'array':
      return { kind: 'list', item: resolved(object(schema['items']), root) }
    case 'object':
      return kindOfObject(schema, root)
    default:
      return { kind: 'value' }
  }
}

function kindOfObject(schema: Json, root: Json): FieldKind {
  const fields = fieldsOf(schema, root)
  if (fields.length > 0) return { kind: 'object', fields }
  const item = schema['additionalProperties']
  return { kind: 'map', item: typeof item === 'object' && item !== null ? resolved(item as Json, root) : {} }
}

/** Text, or what can be written as text: one expression, one recipient. */
function isTextual(schema: Json, root: Json): boolean {
  const nested = list(schema['anyOf'])
  if (nested.length > 0) return nested.every((option) => isTextual(resolved(object(option), root), root))
  if (schema['type'] === 'array') return isTextual(resolved(object(schema['items']), root), root)
  return ['string', 'number', 'integer', 'boolean', 'null'].includes(schema['type'] as string)
}

function choicesOf(schema: Json): { value: string; description: string }[] {
  const named = list(schema['enum']).filter((value) => typeof value === 'string')
  if (named.length > 0) return named.map((value) => ({ value, description: '' }))
  const options = list(schema['oneOf']).map(object)
  if (options.length === 0 || !options.every((option) => typeof option['const'] === 'string')) return []
  return options.map((option) => ({ value: text(option['const']), description: text(option['description']) }))
}

/** The config of a new node: nothing that has a default, and nothing that is not known yet. */
export function firstConfig(schema: Json): Json {
  const lists = fieldsOf(schema, schema).filter(
    (field) => field.isRequired && kindOf(field.schema, schema).kind === 'list',
  )
  return Object.fromEntries(lists.map((field) => [field.name, []]))
}

/** What a new entry of a list is. */
export function firstItem(schema: Json, root: Json): unknown {
  const found = kindOf(schema, root)
  if (found.kind === 'object') {
    return Object.fromEntries(found.fields.filter((field) => field.isRequired).map((field) => [field.name, '']))
  }
  return found.kind === 'number' ? 0 : found.kind === 'boolean' ? false : ''
}

/** Whether a value is text with an expression in it. */
export function isExpression(value: unknown): value is string {
  return typeof value === 'string' && value.includes('{{')
}

/** `body_bytes_max` as words. */
export function title(name: string): string {
  if (name === 'url' || name === 'html') return name.toUpperCase()
  const words = name.replace(/_/g, ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
