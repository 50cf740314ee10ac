/**
 * A whole workflow as a file, in the format of the API and of the command line: `capstan workflow import`, `validate` and
 * `exec` take it, too.
 */

import { pasted } from './clipboard'
import { write } from './codec'
import { NONE_ODD } from './graph'
import type { Graph } from './graph'
import { redacted, withoutSecrets } from './secrets'

/** Which workflow a file is, and the sum of the draft that it began from, if the server told that. */
export interface FileAbout {
  id: string
  name: string
  base?: string
}

/** The document without its secrets. What is no node, edge or note is left out, since nobody can tell what is in it. */
export function asFile(graph: Graph, workflow: FileAbout): string {
  const bare = withoutSecrets(graph)
  const rest = redacted(bare.rest) as Graph['rest']
  return `${JSON.stringify({ ...write({ ...bare, rest, odd: NONE_ODD }), workflow }, null, 2)}\n`
}

/** What a file holds, with all that it says beside nodes and edges but which workflow it is; nothing if it is none. */
export function fromFile(text: string): Record<string, unknown> | null {
  const graph = pasted(text)
  if (!graph) return null
  const { workflow: _about, ...document } = write(graph)
  return document
}

/** What the file of a workflow is called, and what a workflow is called that comes from a file. */
export function fileName(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
  return `${plain || 'workflow'}.json`
}

export function nameOfFile(file: string): string {
  const words = file
    .replace(/\.json$/i, '')
    .replace(/[-_]+/g, ' ')
    .trim()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
