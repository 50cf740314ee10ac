import type { ReactNode } from 'react'

export interface Column<T> {
  head: string
  cell: (item: T) => ReactNode
  /** As narrow as what is in it. */
  isFit?: boolean
  /** At the right: numbers and what can be done. */
  isEnd?: boolean
}

interface Props<T> {
  /** What the rows are, for screen readers. */
  label: string
  columns: readonly Column<T>[]
  items: readonly T[]
  keyOf: (item: T) => string
}

/** Rows of the same kind. A column without a head is for what can be done. */
export function Table<T>({ label, columns, items, keyOf }: Props<T>) {
  const place = ({ isFit, isEnd }: Column<T>) => [isFit && 'fit', isEnd && 'end'].filter(Boolean).join(' ') || undefined
  return (
    <div className="table-around">
      <table className="rows" aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.head} className={place(column)} scope="col">
                {column.head || <span className="visually-hidden">What can be done</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={keyOf(item)}>
              {columns.map((column) => (
                <td key={column.head} className={place(column)}>
                  {column.cell(item)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
