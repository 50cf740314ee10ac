import { useState } from 'react'
import type { DragEvent, ReactNode } from 'react'

import { Link } from '../app/link'
import { MoveTo } from './move-to'
import type { Way } from './move-to'

/** A state, with what is in it. */
export interface BoardColumn<T> {
  state: string
  label: string
  /** What it means for the whole. */
  kind: string
  /** How many there are, in words. */
  count: string
  items: readonly T[]
  /** Where what is in it may go; none where one may not move anything. */
  ways: readonly Way[]
}

interface Props<T> {
  /** What is on it, for screen readers. */
  label: string
  columns: readonly BoardColumn<T>[]
  keyOf: (item: T) => string
  nameOf: (item: T) => string
  hrefOf: (item: T) => string
  /** What is told of a card below its name. */
  about: (item: T) => ReactNode
  onMove: (item: T, to: string) => void
}

/** Things by their states: cards are dragged from one column to another, or moved by their menu. */
export function Board<T>({ label, columns, keyOf, nameOf, hrefOf, about, onMove }: Props<T>) {
  const [dragged, setDragged] = useState<{ item: T; ways: readonly Way[] } | null>(null)
  return (
    <div className="board" role="group" aria-label={label} tabIndex={0}>
      {columns.map((column) => (
        <Column
          key={column.state}
          column={column}
          takes={dragged !== null && dragged.ways.some(({ to }) => to === column.state)}
          onDrop={() => dragged && onMove(dragged.item, column.state)}
        >
          {column.items.map((item) => (
            <li
              key={keyOf(item)}
              className="board-card"
              draggable={column.ways.length > 0}
              onDragStart={() => setDragged({ item, ways: column.ways })}
              onDragEnd={() => setDragged(null)}
            >
              <Link className="name" href={hrefOf(item)}>
                {nameOf(item)}
              </Link>
              {about(item)}
              <MoveTo name={nameOf(item)} ways={column.ways} onMove={(to) => onMove(item, to)} />
            </li>
          ))}
        </Column>
      ))}
    </div>
  )
}

interface ColumnProps<T> {
  column: BoardColumn<T>
  /** Whether what is dragged may be let go here. */
  takes: boolean
  onDrop: () => void
  children: ReactNode
}

function Column<T>({ column, takes, onDrop, children }: ColumnProps<T>) {
  const over = (event: DragEvent) => takes && event.preventDefault()
  return (
    <section className="board-column" data-kind={column.kind} data-takes={takes} aria-label={column.label}>
      <h2>
        {column.label} <span className="faint">{column.count}</span>
      </h2>
      <ul onDragOver={over} onDrop={() => takes && onDrop()}>
        {children}
      </ul>
    </section>
  )
}
