import { useState } from 'react'
import type { ReactNode } from 'react'

import { apiKey, forgetKey } from '../api/session'
import { Dialog } from '../ui/dialog'
import { Icon } from '../ui/icon'
import type { IconName } from '../ui/icon'
import { Toasts } from '../ui/toast'
import { Link } from './link'
import { to } from './router'
import type { Route } from './router'
import { SignIn } from './sign-in'
import { applyTheme, nextTheme, theme } from './theme'
import type { Theme } from './theme'

const THEME_ICONS: Record<Theme, IconName> = { system: 'system', light: 'sun', dark: 'moon' }

interface Props {
  route: Route
  workspace: string
  children: ReactNode
}

/** What is around every page: where one is, where one can go, and whether one may change things. */
export function Shell({ route, workspace, children }: Props) {
  return (
    <div className="shell">
      <nav className="rail" aria-label="Main">
        <Link className="brand" href={to.workflows()} aria-label="Capstan, home">
          <img src="/assets/icon.svg" alt="" width="22" height="22" />
        </Link>
        <RailLink icon="branch" label="Workflows" href={to.workflows()} isHere={route.page.startsWith('workflow')} />
        <RailLink icon="list" label="Executions" href={to.executions()} isHere={route.page.startsWith('execution')} />
        <span className="spacer" />
        <ThemeButton />
        <SessionButton workspace={workspace} />
      </nav>
      <div className="page">{children}</div>
      <Toasts />
    </div>
  )
}

function RailLink({ icon, label, href, isHere }: { icon: IconName; label: string; href: string; isHere: boolean }) {
  return (
    <Link className="rail-item" href={href} aria-current={isHere ? 'page' : undefined}>
      <Icon name={icon} />
      <span>{label}</span>
    </Link>
  )
}

function ThemeButton() {
  const [name, setName] = useState(theme)
  const change = () => {
    applyTheme(nextTheme(name))
    setName(nextTheme(name))
  }
  return (
    <button type="button" className="rail-item" onClick={change} title={`Colours: ${name}`}>
      <Icon name={THEME_ICONS[name]} />
      <span>{name}</span>
    </button>
  )
}

function SessionButton({ workspace }: { workspace: string }) {
  const [isAsking, setAsking] = useState(false)
  const isSignedIn = apiKey() !== null
  const signOut = () => {
    forgetKey()
    location.reload()
  }
  return (
    <>
      <button
        type="button"
        className="rail-item"
        title={isSignedIn ? `Workspace ${workspace}: sign out` : `Workspace ${workspace}, for reading only: sign in`}
        onClick={isSignedIn ? signOut : () => setAsking(true)}
      >
        <Icon name={isSignedIn ? 'person' : 'sign'} />
        <span>{isSignedIn ? workspace : 'Sign in'}</span>
      </button>
      {isAsking && (
        <Dialog title="Sign in to change things" onClose={() => setAsking(false)}>
          <SignIn onDone={() => location.reload()} />
        </Dialog>
      )}
    </>
  )
}
