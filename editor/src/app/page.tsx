import { lazy } from 'react'

import { ExecutionsPage } from '../executions/executions-page'
import { WorkflowsPage } from '../workflows/workflows-page'
import { pageOf } from './places'
import type { Route } from './router'
import { hasPage, useMe } from './who'

// What draws graphs is loaded when a graph is looked at, and each other page when it is.
const WorkflowPage = lazy(() => import('../workflows/workflow-page'))
const ExecutionPage = lazy(() => import('../executions/execution-page'))
const RulesPage = lazy(() => import('../features/rules/rules-page'))
const RulePage = lazy(() => import('../features/rules/rule-page'))
const WebhooksPage = lazy(() => import('../features/webhooks/webhooks-page'))
const WebhookPage = lazy(() => import('../features/webhooks/webhook-page'))
const SchedulesPage = lazy(() => import('../features/schedules/schedules-page'))
const SchedulePage = lazy(() => import('../features/schedules/schedule-page'))
const CredentialsPage = lazy(() => import('../features/credentials/credentials-page'))
const CredentialPage = lazy(() => import('../features/credentials/credential-page'))
const FormsPage = lazy(() => import('../features/forms/forms-page'))
const LeadsPage = lazy(() => import('../features/leads/leads-page'))
const LeadPage = lazy(() => import('../features/leads/lead-page'))
const RecordsPage = lazy(() => import('../features/records/records-page'))
const RecordPage = lazy(() => import('../features/records/record-page'))
const ApprovalsPage = lazy(() => import('../features/approvals/approvals-page'))
const OverviewPage = lazy(() => import('../features/overview/overview-page'))
const FailuresPage = lazy(() => import('../features/failures/failures-page'))
const AlertsPage = lazy(() => import('../features/alerts/alerts-page'))
const UsagePage = lazy(() => import('../features/usage/usage-page'))
const PeoplePage = lazy(() => import('../features/people/people-page'))
const KeysPage = lazy(() => import('../features/keys/keys-page'))
const AuditPage = lazy(() => import('../features/audit/audit-page'))
const AccountPage = lazy(() => import('../features/account/account-page'))
const WorkspacePage = lazy(() => import('../features/settings/workspace-page'))
const WorkspacesPage = lazy(() => import('../features/access/workspaces-page'))

export function Page({ route }: { route: Route }) {
  const me = useMe()
  if (!hasPage(me, pageOf(route))) {
    return <p className="empty">This workspace does not have this page. Whoever operates the server can assign it.</p>
  }
  return <Known route={route} />
}

function Known({ route }: { route: Route }) {
  switch (route.page) {
    case 'overview':
      return <OverviewPage />
    case 'workflows':
      return <WorkflowsPage />
    case 'workflow':
      return <WorkflowPage key={route.id} id={route.id} />
    case 'executions':
      return <ExecutionsPage />
    case 'execution':
      return <ExecutionPage key={route.id} id={route.id} />
    case 'rules':
      return <RulesPage />
    case 'rule':
      return <RulePage key={route.id} id={route.id} />
    case 'webhooks':
      return <WebhooksPage />
    case 'webhook':
      return <WebhookPage key={route.id} id={route.id} />
    case 'schedules':
      return <SchedulesPage />
    case 'schedule':
      return <SchedulePage key={route.id} id={route.id} />
    case 'credentials':
      return <CredentialsPage />
    case 'credential':
      return <CredentialPage key={route.id} id={route.id} />
    case 'forms':
      return <FormsPage />
    case 'leads':
      return <LeadsPage />
    case 'lead':
      return <LeadPage key={route.id} id={route.id} />
    case 'records':
      return <RecordsPage />
    case 'record':
      return <RecordPage key={route.id} id={route.id} />
    case 'approvals':
      return <ApprovalsPage />
    case 'failures':
      return <FailuresPage />
    case 'alerts':
      return <AlertsPage />
    case 'usage':
      return <UsagePage />
    case 'people':
      return <PeoplePage />
    case 'keys':
      return <KeysPage />
    case 'audit':
      return <AuditPage />
    case 'workspace':
      return <WorkspacePage />
    case 'account':
      return <AccountPage />
    case 'workspaces':
      return <WorkspacesPage />
    default:
      return <p className="empty">There is nothing at this address.</p>
  }
}
