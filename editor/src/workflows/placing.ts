/** Where a new node goes, and what it is connected with. */

import type { Catalogue } from '../app/catalogue'
import { inZone } from '../app/zone'
import * as commands from '../document/commands'
import {
  CONTAINER_MIN,
  HEAD_PX,
  NODE_HEIGHT_PX,
  NODE_WIDTH_PX,
  WALL_PX,
  containerAt,
  freePlace,
  placeOf,
  sizeOf,
} from '../document/geometry'
import type { Kinds } from '../document/geometry'
import { nodeById } from '../document/graph'
import type { Graph, GraphNode, Point } from '../document/graph'
import { newNodeId, nodeIds } from '../document/ids'
import { objection } from '../document/rules'
import type { Wish } from '../document/rules'
import { firstConfig } from '../inspector/schema'

/** At a point of the canvas, in an edge, behind a node, or wherever there is room. */
export interface Where {
  at?: Point
  edgeId?: string
  after?: string
  /** The beginning of an edge that was let go over nothing. */
  from?: Omit<Wish, 'target'>
}

const NEXT_PX = 80

interface Placed {
  graph: Graph
  id: string
  label: string
}

export function placed(
  graph: Graph,
  type: string,
  where: Where,
  catalogue: Catalogue,
  kinds: Kinds,
  middle: Point,
): Placed {
  const id = newNodeId(nodeIds(graph), type)
  const known = catalogue.get(type)
  const label = known?.title ?? type
  const { parentId, position } = home(graph, type, where, kinds, middle)
  const node: GraphNode = {
    id,
    type,
    position,
    ...(parentId === undefined ? {} : { parentId }),
    data: { label, config: known ? inZone(type, firstConfig(known.schema)) : {} },
  }
  const port = known && known.ports.length > 1 ? (known.ports[0] ?? null) : null
  if (where.edgeId !== undefined && known?.role !== 'trigger') {
    return { graph: roomy(commands.insertOnEdge(graph, where.edgeId, node, port), node, kinds), id, label }
  }
  const added = commands.addNode(graph, node)
  const wish = wishFor(added, id, where, kinds)
  const fits = wish !== null && objection(added, wish, catalogue) === null
  return { graph: fits ? commands.addEdge(added, wish) : added, id, label }
}

function wishFor(graph: Graph, id: string, where: Where, kinds: Kinds): Wish | null {
  if (where.from) return { ...where.from, target: id }
  const before = where.after === undefined ? undefined : nodeById(graph, where.after)
  if (!before) return null
  const ports = kinds.portsOf(before)
  const taken = new Set(graph.edges.filter((edge) => edge.source === before.id).map((edge) => edge.sourceHandle))
  const free = ports.find((port) => !taken.has(port)) ?? ports[0] ?? null
  return { source: before.id, port: ports.length > 1 ? free : null, target: id, kind: 'flow' }
}

function home(
  graph: Graph,
  type: string,
  where: Where,
  kinds: Kinds,
  middle: Point,
): { parentId: string | undefined; position: Point } {
  const size = kinds.isContainer(type) ? CONTAINER_MIN : { width: NODE_WIDTH_PX, height: NODE_HEIGHT_PX }
  const edge = graph.edges.find((found) => found.id === where.edgeId)
  const before = nodeById(graph, edge?.source ?? where.after ?? where.from?.source ?? '')
  if (before && where.at === undefined) {
    const own = sizeOf(graph, before, kinds)
    const position = { x: before.position.x + own.width + NEXT_PX, y: before.position.y }
    return {
      parentId: before.parentId,
      position: edge ? position : freePlace(graph, before.parentId, position, size, kinds),
    }
  }
  const at = where.at ?? { x: middle.x - size.width / 2, y: middle.y - size.height / 2 }
  const parentId = where.from ? before?.parentId : containerAt(graph, where.at ?? middle, kinds, new Set())
  const parent = nodeById(graph, parentId ?? '')
  const origin = parent ? placeOf(graph, parent) : { x: 0, y: 0 }
  const offset = where.from
    ? { x: 0, y: -NODE_HEIGHT_PX / 2 }
    : where.at
      ? { x: -size.width / 2, y: -size.height / 2 }
      : { x: 0, y: 0 }
  const inside = { x: at.x - origin.x + offset.x, y: at.y - origin.y + offset.y }
  const wanted = parent ? { x: Math.max(WALL_PX, inside.x), y: Math.max(HEAD_PX, inside.y) } : inside
  return { parentId, position: freePlace(graph, parentId, wanted, size, kinds) }
}

/** Moves what lies behind a node that was put into an edge, as far as it is in the way. */
function roomy(graph: Graph, node: GraphNode, kinds: Kinds): Graph {
  const end = node.position.x + sizeOf(graph, node, kinds).width + NEXT_PX
  const next = graph.edges.filter((edge) => edge.source === node.id).map((edge) => nodeById(graph, edge.target))
  const short = Math.max(0, ...next.map((target) => (target ? end - target.position.x : 0)))
  if (short === 0) return graph
  const behind = new Set<string>()
  const open = next.flatMap((target) => (target ? [target.id] : []))
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (behind.has(id)) continue
    behind.add(id)
    open.push(...graph.edges.filter((edge) => edge.source === id).map((edge) => edge.target))
  }
  const places = new Map<string, Point>()
  for (const other of graph.nodes) {
    if (behind.has(other.id)) places.set(other.id, { x: other.position.x + short, y: other.position.y })
  }
  return commands.move(graph, places)
}
