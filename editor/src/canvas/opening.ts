/** What is seen of a graph at first: its beginning is at the left, where there is room to go on. */

import type { ReactFlowInstance } from '@xyflow/react'

import type { CanvasNode, WireEdge } from './adapter'

/** Smaller words are hard to read: then rather the beginning than all of it. */
const ZOOM_MIN = 0.62
const MARGIN_PX = 48

export function openAt(flow: ReactFlowInstance<CanvasNode, WireEdge>, frame: DOMRect, isWhole: boolean): void {
  const outer = flow.getNodes().filter((node) => node.parentId === undefined)
  const steps = outer.filter((node) => node.type !== 'note')
  const nodes = steps.length > 0 ? steps : outer
  const bounds = flow.getNodesBounds(nodes)
  const first = nodes.find((node) => node.position.x === bounds.x)
  const fits = Math.min((frame.width - 2 * MARGIN_PX) / bounds.width, (frame.height - 2 * MARGIN_PX) / bounds.height)
  if (isWhole || !first) return void flow.fitView({ maxZoom: 1, padding: `${MARGIN_PX}px` })
  const zoom = fits >= ZOOM_MIN ? Math.min(1, fits) : Math.min(0.8, Math.max(ZOOM_MIN, fits * 1.6))
  const middle = fits >= ZOOM_MIN ? bounds.y + bounds.height / 2 : first.position.y + (first.height ?? 0) / 2
  void flow.setViewport({ x: MARGIN_PX - bounds.x * zoom, y: frame.height / 2 - middle * zoom, zoom })
}
