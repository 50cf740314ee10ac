import { expect, test } from 'vitest'

import { read } from '../../document/codec'
import { TEMPLATES, templateGraph } from './templates'

test.each(TEMPLATES)('$id is a graph that begins somewhere', async ({ id }) => {
  const stored = await templateGraph(id)
  expect(JSON.stringify(stored)).not.toContain('${')
  const graph = read(stored)
  expect(graph.nodes.some((node) => node.type.startsWith('trigger.'))).toBe(true)
  expect(graph.odd).toEqual({ nodes: [], edges: [], notes: [] })
})
