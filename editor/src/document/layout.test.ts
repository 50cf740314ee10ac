import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

import { kinds } from '../../tests/build'
import { read } from './codec'
import { sizeOf } from './geometry'
import type { Graph } from './graph'
import { tidied } from './layout'

const PATTERNS = new URL('../../../examples/patterns/', import.meta.url)
const CONTAINERS = ['logic.for_each', 'logic.loop', 'logic.try', 'logic.group']
const all = { ...kinds, isContainer: (type: string) => CONTAINERS.includes(type) }

function overlaps(graph: Graph): string[] {
  const rects = graph.nodes.map((node) => ({ node, ...node.position, ...sizeOf(graph, node, all) }))
  return rects.flatMap((a, at) =>
    rects.slice(at + 1).flatMap((b) => {
      const isBeside = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y
      return a.node.parentId === b.node.parentId && !isBeside ? [`${a.node.id} on ${b.node.id}`] : []
    }),
  )
}

test.each(readdirSync(PATTERNS))(
  '%s is tidied up: nothing covers anything, edges lead to the right, and twice is once',
  (name) => {
    const { graph: document } = JSON.parse(readFileSync(new URL(name, PATTERNS), 'utf8')) as {
      graph: Record<string, unknown>
    }
    const graph = read(document)
    expect(graph.nodes.length).toBeGreaterThan(1)
    const tidy = tidied(graph, all)
    expect(overlaps(tidy)).toEqual([])
    const x = new Map(tidy.nodes.map((node) => [node.id, node.position.x]))
    for (const edge of tidy.edges) expect(x.get(edge.source)).toBeLessThan(x.get(edge.target) ?? 0)
    expect(tidied(tidy, all).nodes).toEqual(tidy.nodes)
  },
)
