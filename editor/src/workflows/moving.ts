/** What a drag comes to: other places, and perhaps another container. */

import type { Catalogue } from '../app/catalogue'
import * as commands from '../document/commands'
import { containerAt, fitted, placeOf, sizeOf } from '../document/geometry'
import type { Kinds } from '../document/geometry'
import { labelOf, nodeById, withInside } from '../document/graph'
import type { Graph, Point } from '../document/graph'
import { counted, noteAt } from '../document/notes'

export function moved(
  graph: Graph,
  places: ReadonlyMap<string, Point>,
  kinds: Kinds,
  catalogue: Catalogue,
): { graph: Graph; label: string } {
  const changed = new Map([...places].filter(([id, place]) => isElsewhere(graph, id, place)))
  if (changed.size === 0) return { graph, label: '' }
  const [first] = changed.keys()
  const only = changed.size === 1 && first !== undefined ? nodeById(graph, first) : undefined
  const what = only ? labelOf(only) : counted(changed.keys())
  const at = commands.move(graph, changed)
  const home = newHome(graph, at, [...changed.keys()], kinds, catalogue)
  if (!home) return { graph: fitted(at, kinds), label: `Move ${what}` }
  const parent = nodeById(at, home.parentId ?? '')
  const label = parent ? `Move ${what} into ${labelOf(parent)}` : `Move ${what} out of its container`
  return { graph: fitted(commands.reparent(at, new Set(changed.keys()), home.parentId, home.offset), kinds), label }
}

function isElsewhere(graph: Graph, id: string, place: Point): boolean {
  const position = (nodeById(graph, id) ?? noteAt(graph, id))?.position
  return position !== undefined && (position.x !== place.x || position.y !== place.y)
}

/**
 * The container that all of them were dragged into, or out of; nothing if they stay where they belong. Containers are
 * as large as they were `before`: that which is left has grown with what is dragged.
 */
function newHome(before: Graph, graph: Graph, ids: string[], kinds: Kinds, catalogue: Catalogue) {
  const nodes = ids.flatMap((id) => nodeById(graph, id) ?? [])
  const [first] = nodes
  if (!first || nodes.some((node) => node.parentId !== first.parentId || catalogue.roleOf(node.type) === 'trigger'))
    return null
  const place = placeOf(graph, first)
  const size = sizeOf(graph, first, kinds)
  const middle = { x: place.x + size.width / 2, y: place.y + Math.min(size.height, 64) / 2 }
  const parentId = containerAt(before, middle, kinds, withInside(graph, ids))
  if (parentId === first.parentId) return null
  const origin = (id: string | undefined) => {
    const parent = nodeById(graph, id ?? '')
    return parent ? placeOf(graph, parent) : { x: 0, y: 0 }
  }
  const [from, into] = [origin(first.parentId), origin(parentId)]
  return { parentId, offset: { x: from.x - into.x, y: from.y - into.y } }
}
