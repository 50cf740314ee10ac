/** Tidies up: columns from left to right, container by container, the innermost first. */

import dagre from '@dagrejs/dagre'

import { move } from './commands'
import { HEAD_PX, WALL_PX, depthOf, onGrid, sizeOf } from './geometry'
import type { Kinds } from './geometry'
import { childrenOf } from './graph'
import type { Graph, GraphNode, Point } from './graph'

const COLUMN_GAP_PX = 80
const ROW_GAP_PX = 40

export function tidied(graph: Graph, kinds: Kinds): Graph {
  const containers = graph.nodes.filter((node) => kinds.isContainer(node.type))
  containers.sort((a, b) => depthOf(graph, b) - depthOf(graph, a))
  const inner = containers.reduce(
    (tidy, { id }) => level(tidy, childrenOf(tidy, id), { x: WALL_PX, y: HEAD_PX }, kinds),
    graph,
  )
  return level(inner, childrenOf(inner, undefined), corner(graph), kinds)
}

/** Where the drawing begins now, so that it does not jump away. */
function corner(graph: Graph): Point {
  const outer = childrenOf(graph, undefined)
  if (outer.length === 0) return { x: 0, y: 0 }
  return onGrid({
    x: Math.min(...outer.map((node) => node.position.x)),
    y: Math.min(...outer.map((node) => node.position.y)),
  })
}

function level(graph: Graph, nodes: GraphNode[], at: Point, kinds: Kinds): Graph {
  if (nodes.length === 0) return graph
  const drawing = new dagre.graphlib.Graph({ multigraph: true })
  drawing.setGraph({ rankdir: 'LR', ranksep: COLUMN_GAP_PX, nodesep: ROW_GAP_PX })
  drawing.setDefaultEdgeLabel(() => ({}))
  const sizes = new Map(nodes.map((node) => [node.id, sizeOf(graph, node, kinds)]))
  for (const [id, size] of sizes) drawing.setNode(id, { ...size })
  for (const edge of graph.edges) {
    if (!sizes.has(edge.source) || !sizes.has(edge.target)) continue
    // A branch stands near where it begins, not near where it ends.
    const isOnly = graph.edges.filter((other) => other.target === edge.target).length === 1
    drawing.setEdge(edge.source, edge.target, { weight: isOnly ? 3 : 1 }, edge.id)
  }
  dagre.layout(drawing)
  const places = new Map<string, Point>()
  for (const [id, size] of sizes) {
    const middle = drawing.node(id) as Point
    places.set(id, { x: middle.x - size.width / 2, y: middle.y - size.height / 2 })
  }
  const left = Math.min(...[...places.values()].map((place) => place.x))
  const top = Math.min(...[...places.values()].map((place) => place.y))
  for (const [id, place] of places) places.set(id, onGrid({ x: place.x - left + at.x, y: place.y - top + at.y }))
  return move(graph, places)
}
