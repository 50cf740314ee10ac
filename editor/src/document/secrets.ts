/**
 * What leaves the editor as text, to be pasted into a message, takes no secrets along: values whose names tell that they
 * are some, users in addresses, and pinned data. The server's log and cases go by the same names. An expression
 * names a secret and is none.
 */

import { isObject } from './diff'
import type { Graph, NodeData, Note } from './graph'
import { withPinned } from './pinned'

export const REDACTED = '[redacted]'

const NAMES = [
  'authorization',
  'cookie',
  'password',
  'passwd',
  'secret',
  'token',
  'apikey',
  'privatekey',
  'credential',
  'signature',
]
/** Fields of a configuration that name a secret and are none, and how the types of nodes begin that have them. */
const NAMING: [string, string][] = [
  ['credential', ''],
  ['secret', 'trigger.'],
]
const NAME = /^[A-Za-z0-9_.-]{1,100}$/
const USER = /^([A-Za-z0-9+.-]+:\/\/)[^/?#]*@/
const EXPRESSION = /\{\{.*?\}\}/gs
/** As long as `Bearer`: what is beside an expression is then no secret by itself. */
const WORD_CHARS_MAX = 6

export function withoutSecrets(graph: Graph): Graph {
  const nodes = graph.nodes.map((node) => (node.data ? { ...node, data: bare(node.type, node.data) } : node))
  return { ...graph, nodes, notes: graph.notes.map((note) => redacted(note) as Note) }
}

function bare(type: string, data: NodeData): NodeData {
  const hid = redacted(withPinned(data, null)) as NodeData
  const config: unknown = data['config']
  if (!isObject(config)) return hid
  const names = NAMING.flatMap(([field, beginning]) => {
    const name = config[field]
    return type.startsWith(beginning) && typeof name === 'string' && NAME.test(name) ? [[field, name] as const] : []
  })
  if (names.length === 0) return hid
  return { ...hid, config: { ...(hid['config'] as object), ...Object.fromEntries(names) } }
}

export function redacted(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(USER, `$1${REDACTED}@`)
  if (Array.isArray(value)) return value.map(redacted)
  if (!isObject(value)) return value
  const isNamed = [value['name'], value['key'], value['header']].some((name) => typeof name === 'string' && tells(name))
  const fields = Object.entries(value).map(([name, field]) => {
    const isSecret = tells(name) || (isNamed && name === 'value')
    return [name, isSecret ? hidden(field) : redacted(field)]
  })
  return Object.fromEntries(fields)
}

function tells(name: string): boolean {
  const plain = name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')
  return NAMES.some((word) => plain.includes(word))
}

/** All texts and numbers in it; what says yes or no is no secret. */
function hidden(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hidden)
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, hidden(field)]))
  if (typeof value === 'number') return REDACTED
  if (typeof value !== 'string' || value === '') return value
  const beside = value.replace(EXPRESSION, ' ').split(/\s+/)
  const isNamedOnly = value.includes('{{') && beside.every((word) => word.length <= WORD_CHARS_MAX)
  return isNamedOnly ? value : REDACTED
}
