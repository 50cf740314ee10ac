import type { ReactNode } from 'react'

import { Link } from '../../app/link'
import { to } from '../../app/router'
import type { SettingsPage as Name } from '../../app/router'
import { useTitle } from '../../app/title'
import { may, useMe } from '../../app/who'
import type { Permission } from '../../app/who'

const PAGES: [Name, string, Permission | null][] = [
  ['people', 'People', 'members.read'],
  ['keys', 'API keys', 'keys.read'],
  ['audit', 'Audit log', 'audit.read'],
  ['workspace', 'Workspace', 'workspace.read'],
  ['account', 'Your account', null],
]

interface Props {
  page: Name
  about: ReactNode
  actions?: ReactNode
  children: ReactNode
}

/** One page of the settings, with the way to the others that one may see. */
export function SettingsPage({ page, about, actions, children }: Props) {
  const me = useMe()
  const title = PAGES.find(([name]) => name === page)?.[1] ?? ''
  useTitle(title)
  const shown = PAGES.filter(([, , needs]) => (needs === null ? me?.kind === 'user' : may(me, needs)))
  return (
    <main className="listing">
      <nav className="subnav" aria-label="Settings">
        {shown.map(([name, label]) => (
          <Link key={name} href={to.settings(name)} aria-current={name === page ? 'page' : undefined}>
            {label}
          </Link>
        ))}
      </nav>
      <header className="page-head">
        <h1>{title}</h1>
        {actions}
      </header>
      <p className="about">{about}</p>
      {children}
    </main>
  )
}
