import type { ReactNode } from 'react'

import { useTitle } from '../../app/title'

/** A page for people who are not signed in. */
export function OpenFrame({ title, children }: { title: string; children: ReactNode }) {
  useTitle(title)
  return (
    <main className="gate">
      <h1>
        <img src="/assets/icon.svg" alt="" width="28" height="28" /> {title}
      </h1>
      {children}
    </main>
  )
}

/** What follows from a step that is done. */
export function Done({ children }: { children: ReactNode }) {
  return (
    <div role="status" className="stack">
      {children}
    </div>
  )
}
