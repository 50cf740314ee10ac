/** The pages that the navigation leads to, and who sees them. */

import type { Me } from '../api/types'
import type { IconName } from '../ui/icon'
import { to } from './router'
import type { Route } from './router'
import { hasPage } from './who'
import type { PageName, Permission } from './who'

export interface Place {
  icon: IconName
  label: string
  href: () => string
  /** Routes that are there. */
  pages: Route['page'][]
  /** The part of the product that it is; null for what every workspace has. */
  page: PageName | null
  /** Any of these shows it; none means everybody. */
  needs: Permission[]
  /** It shows how many of these are open. */
  mark?: 'alerts' | 'approvals'
}

const PLACES: Place[] = [
  { icon: 'home', label: 'Overview', page: 'overview', href: to.overview, pages: ['overview'], needs: ['usage.read'] },
  {
    icon: 'branch',
    label: 'Workflows',
    page: 'workflows',
    href: to.workflows,
    pages: ['workflows', 'workflow'],
    needs: [],
  },
  {
    icon: 'list',
    label: 'Executions',
    page: 'executions',
    href: to.executions,
    pages: ['executions', 'execution'],
    needs: [],
  },
  {
    icon: 'check',
    label: 'Approvals',
    page: 'executions',
    href: to.approvals,
    pages: ['approvals'],
    needs: ['approvals.answer'],
    mark: 'approvals',
  },
  {
    icon: 'warn',
    label: 'Failures',
    page: 'failures',
    href: to.failures,
    pages: ['failures'],
    needs: ['executions.read'],
  },
  {
    icon: 'alarm',
    label: 'Alerts',
    page: 'alerts',
    href: to.alerts,
    pages: ['alerts'],
    needs: ['workspace.read'],
    mark: 'alerts',
  },
  { icon: 'bolt', label: 'Rules', page: 'rules', href: to.rules, pages: ['rules', 'rule'], needs: ['workflows.read'] },
  {
    icon: 'clock',
    label: 'Schedules',
    page: 'schedules',
    href: to.schedules,
    pages: ['schedules', 'schedule'],
    needs: ['triggers.read'],
  },
  { icon: 'form', label: 'Forms', page: 'forms', href: to.forms, pages: ['forms'], needs: ['triggers.read'] },
  {
    icon: 'send',
    label: 'Webhooks',
    page: 'webhooks',
    href: to.webhooks,
    pages: ['webhooks', 'webhook'],
    needs: ['webhooks.read'],
  },
  {
    icon: 'key',
    label: 'Credentials',
    page: 'credentials',
    href: to.credentials,
    pages: ['credentials', 'credential'],
    needs: ['credentials.read'],
  },
  { icon: 'person', label: 'Leads', page: 'leads', href: to.leads, pages: ['leads', 'lead'], needs: ['leads.read'] },
  {
    icon: 'flag',
    label: 'Records',
    page: 'records',
    href: to.records,
    pages: ['records', 'record'],
    needs: ['records.read'],
  },
  { icon: 'gauge', label: 'Usage', page: 'usage', href: to.usage, pages: ['usage'], needs: ['usage.read'] },
  {
    icon: 'gear',
    label: 'Settings',
    page: null,
    href: () => to.settings('people'),
    pages: ['people', 'keys', 'audit', 'workspace', 'account'],
    needs: ['members.read'],
  },
]

/** Those that one may see. */
export function placesFor(me: Me): Place[] {
  return PLACES.filter(
    ({ page, needs }) =>
      hasPage(me, page) && (needs.length === 0 || needs.some((word) => me.permissions.includes(word))),
  )
}

/** The part of the product that a route belongs to; null for what every workspace has. */
export function pageOf(route: Route): PageName | null {
  if (route.page === 'keys' || route.page === 'audit') return route.page
  return PLACES.find(({ pages }) => pages.includes(route.page))?.page ?? null
}
