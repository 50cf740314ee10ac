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
  /** Goes to a node only if it is not wholly in sight, also to one that is only about to be drawn. */
  reveal(id: string): void
  /** The point in the middle of what is seen. */
  middle(): Point
}

const QUICK = { duration: 200 }
/** For how many frames a node is awaited that is not drawn yet. */
const FRAMES_MAX = 10
/** What is left around a node that one goes to, on the screen. */
const MARGIN_PX = 12

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
  /** Whether there was such a node. */
  const revealed = (id: string): boolean => {
    const [node, at] = [flow.getInternalNode(id), centre(id)]
    if (!node || !at) return false
    const [seen, point, zoom] = [frame(), flow.flowToScreenPosition(at), flow.getZoom()]
    // Of what is larger than the canvas, the middle is enough.
    const half = (size: number, room: number) => Math.min((size * zoom) / 2 + MARGIN_PX, room / 2 - MARGIN_PX)
    const [x, y] = [half(node.width ?? 0, seen.width), half(Math.min(node.height ?? 0, 200), seen.height)]
    const isIn =
      point.x >= seen.left + x && point.x <= seen.right - x && point.y >= seen.top + y && point.y <= seen.bottom - y
    if (!isIn) void flow.setCenter(at.x, at.y, { zoom, ...QUICK })
    return true
  }
  return {
    fit: () => void flow.fitView({ maxZoom: 1, padding: 0.16, ...QUICK }),
    zoomIn: () => void flow.zoomIn(QUICK),
    zoomOut: () => void flow.zoomOut(QUICK),
    show,
    reveal: (id) => soon(() => revealed(id)),
    middle: () => {
      const seen = frame()
      return flow.screenToFlowPosition({ x: seen.left + seen.width / 2, y: seen.top + seen.height / 2 })
    },
  }
}

/** In the next frame, when what was changed is drawn, else in one of those after it. */
function soon(attempt: () => boolean, frames = FRAMES_MAX): void {
  requestAnimationFrame(() => {
    if (!attempt() && frames > 1) soon(attempt, frames - 1)
  })
}
