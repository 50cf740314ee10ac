/** Fields that take data from before. */

import { useRef, useState } from 'react'
import type { DragEvent, FocusEvent, RefObject } from 'react'

import { DRAGGED_DATA, expressionOf, letterAt, typeIn } from './insertion'
import type { FieldKind } from './schema'

/** How a field takes data: as letters between others, in place of its value, or not at all. */
export type Way = 'typed' | 'whole' | 'none'

/** An object, and what has entries, leaves it to the fields within. */
export function wayOf(kind: FieldKind['kind'], isWritten: boolean, value: unknown): Way {
  if (isWritten || kind === 'text' || kind === 'value') return 'typed'
  if (kind === 'object' || kind === 'credential') return 'none'
  const hasEntries = typeof value === 'object' && value !== null && Object.keys(value).length > 0
  return hasEntries ? 'none' : 'whole'
}

export interface Taking {
  /** Whether what is dragged would be taken if it were let go. */
  isOver: boolean
  take: (name: string, place?: number | null) => void
  attributes: object
}

/** Has the field around `field` take what is dragged onto it; `onWhole` puts an expression in place of its value. */
export function useTaking(
  field: RefObject<HTMLElement | null>,
  way: Way,
  onWhole: (expression: string) => void,
): Taking {
  const [isOver, setOver] = useState(false)
  // Before one has been in a field, its cursor is wherever the browser has it.
  const wasIn = useRef(false)
  const area = () => field.current?.querySelector('textarea') ?? null
  const take = (name: string, place: number | null = null) => {
    const written = way === 'typed' ? area() : null
    if (written) return typeIn(written, name, place ?? (wasIn.current ? null : written.value.length))
    onWhole(expressionOf(name))
    // Once it is a field for text.
    requestAnimationFrame(() => area()?.focus())
  }
  const over = (event: DragEvent) => {
    if (!event.dataTransfer.types.includes(DRAGGED_DATA)) return
    event.preventDefault()
    event.stopPropagation()
    setOver(true)
  }
  const leave = (event: DragEvent) => {
    if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false)
  }
  const drop = (event: DragEvent) => {
    setOver(false)
    const name = event.dataTransfer.getData(DRAGGED_DATA)
    if (name === '') return
    event.preventDefault()
    event.stopPropagation()
    const { target, clientX, clientY } = event
    take(name, target instanceof HTMLTextAreaElement ? letterAt(target, clientX, clientY) : null)
  }
  const enter = ({ target }: FocusEvent) => {
    if (target instanceof HTMLTextAreaElement) wasIn.current = true
  }
  const attributes = way === 'none' ? {} : { onDragOver: over, onDragLeave: leave, onDrop: drop, onFocus: enter }
  return { isOver, take, attributes }
}
