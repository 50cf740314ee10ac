import { lazy, Suspense, useEffect, useMemo, useRef } from 'react'

import { onSignedOut } from '../api/client'
import { workspaceInAddress } from '../api/session'
import { Failure } from '../ui/failure'
import { begin } from './begin'
import { Broken } from './broken'
import { Catalogue, CatalogueProvider } from './catalogue'
import { useLoad } from './load'
import { Page } from './page'
import { isOpen, routeOf, to, usePath } from './router'
import type { Route } from './router'
import { Shell } from './shell'
import { useStore } from './store'
import { who } from './who'

const OpenPages = lazy(() => import('../features/access/open-pages'))
const LoginPage = lazy(() => import('../features/access/login-page'))
const SignInAgain = lazy(() => import('../features/access/sign-in-again'))
const Platform = lazy(() => import('../features/platform/platform'))
const WorkspacesPage = lazy(() => import('../features/access/workspaces-page'))

export function App() {
  const path = usePath()
  const route = routeOf(path)
  return (
    <Broken of={path}>
      <Suspense>{isOpen(route) ? <OpenPages page={route.page} /> : <Inside route={route} />}</Suspense>
    </Broken>
  )
}

function Inside({ route }: { route: Route }) {
  const begun = useLoad(begin, useKey())
  const catalogue = useMemo(() => new Catalogue(begun.value?.types ?? []), [begun.value])
  const isOut = useStore(who, (state) => state.isOut)
  useEffect(() => onSignedOut(() => who.get().me?.kind === 'user' && who.set({ isOut: true })), [])
  const path = usePath()
  if (begun.error && !begun.value) {
    if (begun.error.status === 401) return <LoginPage onDone={begun.reload} />
    return (
      <main className="gate">
        <Failure error={begun.error} onRetry={begun.reload} />
        {begun.error.status === 404 && <a href={to.workspaces()}>Your workspaces</a>}
      </main>
    )
  }
  if (!begun.value) return null
  if (begun.value.me.level === 'platform') return <Platform route={route} />
  if (begun.value.me.workspace === null) return <WorkspacesPage />
  return (
    <CatalogueProvider value={catalogue}>
      <Shell route={route} me={begun.value.me}>
        <Broken of={path}>
          <Suspense fallback={<p className="loading">Loading…</p>}>
            <Page route={route} />
          </Suspense>
        </Broken>
      </Shell>
      {isOut && (
        <Suspense>
          <SignInAgain onDone={() => who.set({ isOut: false })} />
        </Suspense>
      )}
    </CatalogueProvider>
  )
}

/** Changes with the workspace. The address gets its workspace from the first answer: that is no reason to ask again. */
function useKey(): string {
  const wanted = workspaceInAddress()
  const key = useRef('begin')
  if (wanted !== null && who.get().me !== null && who.get().me?.workspace?.slug !== wanted) key.current = `in ${wanted}`
  return key.current
}
