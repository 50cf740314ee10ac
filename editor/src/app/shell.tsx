import { useEffect, useRef, useState } from 'react'
import type { ReactNode } from 'react'

import type { Me } from '../api/types'
import { Icon } from '../ui/icon'
import type { IconName } from '../ui/icon'
import { Toasts } from '../ui/toast'
import { Bell } from './bell'
import { GoToButton } from './go-to-button'
import { Link } from './link'
import { useStream } from './news'
import { Notice } from './notice'
import { useOpenAlerts } from './open-alerts'
import { useOpenApprovals } from './open-approvals'
import { placesFor } from './places'
import { to, usePath } from './router'
import type { Route } from './router'
import { SessionButton } from './session-button'
import { applyTheme, nextTheme, theme } from './theme'
import type { Theme } from './theme'

const THEME_ICONS: Record<Theme, IconName> = { system: 'system', light: 'sun', dark: 'moon' }

/** What is around every page: where one is, where one can go, and who one is. */
export function Shell({ route, me, children }: { route: Route; me: Me; children: ReactNode }) {
  const shown = placesFor(me)
  const page = usePageFocus()
  const rail = useShownPlace()
  useStream(me)
  return (
    <div className="shell">
      <nav ref={rail} className="rail" aria-label="Main">
        <Link className="brand" href={to.overview()} aria-label="Capstan, home">
          <img src="/assets/icon.svg" alt="" width="22" height="22" />
        </Link>
        {shown.map(({ icon, label, href, pages, mark }) => (
          <Link
            key={label}
            className="rail-item"
            href={href()}
            aria-current={pages.includes(route.page) ? 'page' : undefined}
          >
            <Icon name={icon} />
            <span>{label}</span>
            {mark === 'alerts' && <OpenAlerts />}
            {mark === 'approvals' && <OpenApprovals />}
          </Link>
        ))}
        <span className="spacer" />
        {me.kind === 'user' && <Bell level={me.level} />}
        <GoToButton />
        <ThemeButton />
        <SessionButton me={me} />
      </nav>
      <div className="page" ref={page} tabIndex={-1}>
        <Notice />
        {children}
      </div>
      <Toasts />
    </div>
  )
}

/** Nothing where none is open. */
function OpenAlerts() {
  const count = useOpenAlerts()
  if (count === 0) return null
  return (
    <span className="rail-mark" data-testid="open-alerts">
      {count}
      <span className="visually-hidden"> open</span>
    </span>
  )
}

/** What waits for one's answer; nothing where nothing does. */
function OpenApprovals() {
  const { count, isMore } = useOpenApprovals()
  if (count === 0) return null
  return (
    <span className="rail-mark" data-testid="open-approvals">
      {count}
      {isMore && '+'}
      <span className="visually-hidden"> to be answered</span>
    </span>
  )
}

/** Whoever goes to another page by the keyboard goes on there, unless the page takes the focus to a place of its own. */
function usePageFocus() {
  const path = usePath()
  const page = useRef<HTMLDivElement>(null)
  const seen = useRef(path)
  useEffect(() => {
    if (seen.current === path) return
    seen.current = path
    const { activeElement } = document
    if (activeElement === document.body || activeElement?.closest('.rail')) page.current?.focus()
  }, [path])
  return page
}

/** Where there is no room for the whole navigation, what leads to this page is in sight. */
function useShownPlace() {
  const path = usePath()
  const rail = useRef<HTMLElement>(null)
  useEffect(() => {
    rail.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [path])
  return rail
}

function ThemeButton() {
  const [name, setName] = useState(theme)
  const change = () => {
    applyTheme(nextTheme(name))
    setName(nextTheme(name))
  }
  return (
    <button
      type="button"
      className="rail-item"
      onClick={change}
      title={`Colours: ${name}`}
      aria-label={`Colours: ${name}`}
    >
      <Icon name={THEME_ICONS[name]} />
      <span>{name}</span>
    </button>
  )
}
