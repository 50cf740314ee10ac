/** Sizes and places, in pixels of the canvas. Everything is computed, so nothing has to be measured. */

import { childrenOf, nodeById } from './graph'
import type { Graph, GraphNode, Point } from './graph'

export const NODE_WIDTH_PX = 196
export const NODE_HEIGHT_PX = 60
export const PORT_GAP_PX = 26
/** Between a container's wall and what it holds; above that, its head. */
export const WALL_PX = 28
export const HEAD_PX = 52
export const GRID_PX = 8

export interface Size {
  width: number
  height: number
}

/** An empty container. */
export const CONTAINER_MIN: Size = { width: 264, height: 140 }

export interface Rect extends Size, Point {}

/** What the geometry has to know of node types. */
export interface Kinds {
  isContainer(type: string): boolean
  portsOf(node: GraphNode): readonly string[]
}

export function sizeOf(graph: Graph, node: GraphNode, kinds: Kinds): Size {
  if (!kinds.isContainer(node.type)) {
    const ports = kinds.portsOf(node).length
    return { width: NODE_WIDTH_PX, height: Math.max(NODE_HEIGHT_PX, ports * PORT_GAP_PX + 8) }
  }
  const size = { ...CONTAINER_MIN }
  for (const child of childrenOf(graph, node.id)) {
    const own = sizeOf(graph, child, kinds)
    size.width = Math.max(size.width, child.position.x + own.width + WALL_PX)
    size.height = Math.max(size.height, child.position.y + own.height + WALL_PX)
  }
  return size
}

/** Where a node is on the canvas; its position in the document is that within its container. */
export function placeOf(graph: Graph, node: GraphNode): Point {
  const place = { ...node.position }
  const seen = new Set([node.id])
  for (let id = node.parentId; id !== undefined && !seen.has(id);) {
    seen.add(id)
    const parent = nodeById(graph, id)
    place.x += parent?.position.x ?? 0
    place.y += parent?.position.y ?? 0
    id = parent?.parentId
  }
  return place
}

/** The innermost container at a point, other than those in `except`. */
export function containerAt(graph: Graph, point: Point, kinds: Kinds, except: ReadonlySet<string>): string | undefined {
  const hit = graph.nodes.filter((node) => {
    if (!kinds.isContainer(node.type) || except.has(node.id)) return false
    const [place, size] = [placeOf(graph, node), sizeOf(graph, node, kinds)]
    const [x, y] = [point.x - place.x, point.y - place.y]
    return x >= 0 && y >= 0 && x <= size.width && y <= size.height
  })
  return hit.sort((a, b) => depthOf(graph, b) - depthOf(graph, a))[0]?.id
}

export function depthOf(graph: Graph, node: GraphNode): number {
  let depth = 0
  const seen = new Set<string>()
  for (let id = node.parentId; id !== undefined && !seen.has(id); depth += 1) {
    seen.add(id)
    id = nodeById(graph, id)?.parentId
  }
  return depth
}

/** Containers grow to the left and upwards, too: what they hold moves, and they move the other way. */
export function fitted(graph: Graph, kinds: Kinds): Graph {
  const inner = graph.nodes.filter((node) => kinds.isContainer(node.type))
  inner.sort((a, b) => depthOf(graph, b) - depthOf(graph, a))
  return inner.reduce((fit, { id }) => {
    const children = childrenOf(fit, id)
    const left = Math.max(0, ...children.map((child) => WALL_PX - child.position.x))
    const above = Math.max(0, ...children.map((child) => HEAD_PX - child.position.y))
    if (left === 0 && above === 0) return fit
    const nodes = fit.nodes.map((node) => {
      if (node.parentId === id) return movedBy(node, left, above)
      return node.id === id ? movedBy(node, -left, -above) : node
    })
    return { ...fit, nodes }
  }, graph)
}

export function movedBy(node: GraphNode, x: number, y: number): GraphNode {
  return { ...node, position: { x: node.position.x + x, y: node.position.y + y } }
}

export function onGrid(point: Point): Point {
  const round = (value: number) => Math.round(value / GRID_PX) * GRID_PX
  return { x: round(point.x), y: round(point.y) }
}

/** The nearest place at or below `wanted` where a node of this size covers no sibling. */
export function freePlace(graph: Graph, parentId: string | undefined, wanted: Point, size: Size, kinds: Kinds): Point {
  const taken: Rect[] = childrenOf(graph, parentId).map((node) => ({ ...node.position, ...sizeOf(graph, node, kinds) }))
  const place = onGrid(wanted)
  for (let tries = 0; tries <= taken.length; tries += 1) {
    const hit = taken.find((rect) => overlap(rect, { ...place, ...size }))
    if (!hit) break
    place.y = Math.ceil((hit.y + hit.height + 24) / GRID_PX) * GRID_PX
  }
  return place
}

/** The room that the outermost of these nodes take together. */
export function extentOf(graph: Graph, nodes: readonly GraphNode[], kinds: Kinds): Size {
  const rects: Rect[] = nodes
    .filter(({ parentId }) => parentId === undefined)
    .map((node) => ({ ...node.position, ...sizeOf(graph, node, kinds) }))
  const span = (from: number[], to: number[]) => Math.max(0, Math.max(...to) - Math.min(...from))
  return {
    width: span(
      rects.map(({ x }) => x),
      rects.map(({ x, width }) => x + width),
    ),
    height: span(
      rects.map(({ y }) => y),
      rects.map(({ y, height }) => y + height),
    ),
  }
}

function overlap(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}
