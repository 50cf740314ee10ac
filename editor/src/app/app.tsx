import { lazy, Suspense, useMemo } from 'react'

import { nodeTypes, whoAmI } from '../api/calls'
import { ExecutionsPage } from '../executions/executions-page'
import { Failure } from '../ui/failure'
import { WorkflowsPage } from '../workflows/workflows-page'
import { Catalogue, CatalogueProvider } from './catalogue'
import { useLoad } from './load'
import { routeOf, usePath } from './router'
import type { Route } from './router'
import { Shell } from './shell'
import { SignIn } from './sign-in'

// What draws graphs is loaded when a graph is looked at.
const WorkflowPage = lazy(() => import('../workflows/workflow-page'))
const ExecutionPage = lazy(() => import('../executions/execution-page'))

export function App() {
  const route = routeOf(usePath())
  const begun = useLoad(async () => ({ me: await whoAmI(), types: (await nodeTypes()).items }), 'begin')
  const catalogue = useMemo(() => new Catalogue(begun.value?.types ?? []), [begun.value])
  if (begun.error && !begun.value) {
    return begun.error.status === 401 ? (
      <Gate />
    ) : (
      <main className="gate">
        <Failure error={begun.error} onRetry={begun.reload} />
      </main>
    )
  }
  if (!begun.value) return null
  return (
    <CatalogueProvider value={catalogue}>
      <Shell route={route} workspace={begun.value.me.workspace.slug}>
        <Suspense fallback={<p className="loading">Loading…</p>}>
          <Page route={route} />
        </Suspense>
      </Shell>
    </CatalogueProvider>
  )
}

function Gate() {
  return (
    <main className="gate">
      <h1>
        <img src="/assets/icon.svg" alt="" width="28" height="28" /> Capstan
      </h1>
      <SignIn onDone={() => location.reload()} />
    </main>
  )
}

function Page({ route }: { route: Route }) {
  switch (route.page) {
    case 'workflows':
      return <WorkflowsPage />
    case 'workflow':
      return <WorkflowPage key={route.id} id={route.id} />
    case 'executions':
      return <ExecutionsPage />
    case 'execution':
      return <ExecutionPage key={route.id} id={route.id} />
    case 'unknown':
      return <p className="empty">There is nothing at this address.</p>
  }
}
