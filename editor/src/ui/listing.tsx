import type { ReactNode } from 'react'

import type { ApiError } from '../api/client'
import { useTitle } from '../app/title'
import { Failure } from './failure'
import { Table } from './table'
import type { Column } from './table'

interface PageProps {
  title: string
  /** What it is for, in a sentence. */
  about?: ReactNode
  /** Filters and buttons beside the title. */
  actions?: ReactNode
  children: ReactNode
}

/** A page with a title, what can be done there, and what it shows. */
export function ListingPage({ title, about, actions, children }: PageProps) {
  useTitle(title)
  return (
    <main className="listing">
      <header className="page-head">
        <h1>{title}</h1>
        {actions}
      </header>
      {about && <p className="about">{about}</p>}
      {children}
    </main>
  )
}

interface ListProps<T> {
  label: string
  /** Null while nothing is known. */
  items: readonly T[] | null
  error: ApiError | null
  onRetry: () => void
  columns: readonly Column<T>[]
  keyOf: (item: T) => string
  /** What is said where there is nothing. */
  empty: ReactNode
  /** Asks for what comes after. */
  more?: (() => void) | null
}

/** Rows, or why there are none. */
export function List<T>({ label, items, error, onRetry, columns, keyOf, empty, more }: ListProps<T>) {
  return (
    <>
      {error && <Failure error={error} onRetry={onRetry} />}
      {items?.length === 0 && <div className="empty">{empty}</div>}
      {items && items.length > 0 && <Table label={label} columns={columns} items={items} keyOf={keyOf} />}
      {more && (
        <button type="button" className="more" onClick={more}>
          Load older ones
        </button>
      )}
    </>
  )
}
