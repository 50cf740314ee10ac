/**
 * Where the ports of a node are. React Flow would measure them in the page, for each node; they are computed instead, so
 * that edges are drawn before there is an element, and where ports are too small to have one.
 */

import { Position } from '@xyflow/react'
import type { NodeHandle } from '@xyflow/react'

import type { Size } from '../document/geometry'

export const IN = 'in'
export const ERROR = 'error'
export const UNDO = 'undo'
const PORT = 'out:'

/** As in canvas.css: the border of a node, the breadth of its ports, and of those at its foot. */
const BORDER_PX = 1
const PORT_PX = 10
const FOOT_PX = 9
/** From the right wall to the middle of these two. */
const ERROR_PX = 34
const UNDO_PX = 62

export function handleOf(port: string): string {
  return PORT + port
}

/** The port that a handle is for; null for those that have no name of their own. */
export function portOf(handle: string | null | undefined): string | null {
  return handle?.startsWith(PORT) ? handle.slice(PORT.length) : null
}

/** How far down its wall a port is, of all of them there: 0 to 1. */
export function shareOf(at: number, count: number): number {
  return (at + 1) / (count + 1)
}

export function handlesOf({ width, height }: Size, ports: readonly string[], isTrigger: boolean): NodeHandle[] {
  const down = (share: number) => BORDER_PX + (height - 2 * BORDER_PX) * share
  const right = width - BORDER_PX
  const out = ports.map((port, at) => {
    const middle = { x: right, y: down(shareOf(at, ports.length)) }
    return handle(handleOf(port), 'source', Position.Right, middle, PORT_PX)
  })
  if (isTrigger) return out
  const foot = (id: string, fromRight: number) =>
    handle(id, 'source', Position.Bottom, { x: right - fromRight, y: height - BORDER_PX }, FOOT_PX)
  return [
    handle(IN, 'target', Position.Left, { x: BORDER_PX, y: down(0.5) }, PORT_PX),
    ...out,
    foot(ERROR, ERROR_PX),
    foot(UNDO, UNDO_PX),
  ]
}

function handle(
  id: string,
  type: 'source' | 'target',
  position: Position,
  middle: { x: number; y: number },
  breadth: number,
): NodeHandle {
  return { id, type, position, x: middle.x - breadth / 2, y: middle.y - breadth / 2, width: breadth, height: breadth }
}
