/** What is seen of the canvas, and how that is changed. */

import type { ReactFlowInstance } from '@xyflow/react'

import type { Point } from '../document/graph'
import type { CanvasNode, WireEdge } from './adapter'

export interface CanvasView {
  fit(): void
  zoomIn(): void
  zoomOut(): void
  /** Goes to a node, near enough to read it. */
  show(id: string): void
  /** Goes to a node only if it is out of sight. */
  reveal(id: string): void
  /** The point in the middle of what is seen. */
  middle(): Point
}

const QUICK = { duration: 200 }

export function viewOf(flow: ReactFlowInstance<CanvasNode, WireEdge>): CanvasView {
  const frame = () => document.querySelector('.react-flow')?.getBoundingClientRect() ?? new DOMRect()
  const centre = (id: string) => {
    const node = flow.getInternalNode(id)
    if (!node) return null
    const { x, y } = node.internals.positionAbsolute
    return { x: x + (node.width ?? 0) / 2, y: y + Math.min(node.height ?? 0, 200) / 2 }
  }
  const show = (id: string) => {
    const at = centre(id)
    if (at) void flow.setCenter(at.x, at.y, { zoom: Math.max(flow.getZoom(), 0.8), ...QUICK })
  }
  return {
    fit: () => void flow.fitView({ maxZoom: 1, padding: 0.16, ...QUICK }),
    zoomIn: () => void flow.zoomIn(QUICK),
    zoomOut: () => void flow.zoomOut(QUICK),
    show,
    reveal: (id) => {
      const at = centre(id)
      if (!at) return
      const [seen, point] = [frame(), flow.flowToScreenPosition(at)]
      const isIn =
        point.x > seen.left + 60 && point.x < seen.right - 60 && point.y > seen.top + 40 && point.y < seen.bottom - 40
      if (!isIn) show(id)
    },
    middle: () => {
      const seen = frame()
      return flow.screenToFlowPosition({ x: seen.left + seen.width / 2, y: seen.top + seen.height / 2 })
    },
  }
}
