/** The pages that the navigation leads to, and who sees them. */

import type { Me } from '../api/types'
import type { IconName } from '../ui/icon'
import { to } from './router'
import type { Route } from './router'
import type { Permission } from './who'

export interface Place {
  icon: IconName
  label: string
  href: () => string
  /** Routes that are there. */
  pages: Route['page'][]
  /** Any of these shows it; none means everybody. */
  needs: Permission[]
  /** It shows how many alerts are open. */
  hasMark?: boolean
}

const PLACES: Place[] = [
  { icon: 'home', label: 'Overview', href: to.overview, pages: ['overview'], needs: ['usage.read'] },
  { icon: 'branch', label: 'Workflows', href: to.workflows, pages: ['workflows', 'workflow'], needs: [] },
  { icon: 'list', label: 'Executions', href: to.executions, pages: ['executions', 'execution'], needs: [] },
  { icon: 'warn', label: 'Failures', href: to.failures, pages: ['failures'], needs: ['executions.read'] },
  { icon: 'bell', label: 'Alerts', href: to.alerts, pages: ['alerts'], needs: ['workspace.read'], hasMark: true },
  { icon: 'bolt', label: 'Rules', href: to.rules, pages: ['rules', 'rule'], needs: ['workflows.read'] },
  {
    icon: 'clock',
    label: 'Schedules',
    href: to.schedules,
    pages: ['schedules', 'schedule'],
    needs: ['triggers.read'],
  },
  { icon: 'form', label: 'Forms', href: to.forms, pages: ['forms'], needs: ['triggers.read'] },
  { icon: 'send', label: 'Webhooks', href: to.webhooks, pages: ['webhooks', 'webhook'], needs: ['webhooks.read'] },
  {
    icon: 'key',
    label: 'Credentials',
    href: to.credentials,
    pages: ['credentials', 'credential'],
    needs: ['credentials.read'],
  },
  { icon: 'person', label: 'Leads', href: to.leads, pages: ['leads', 'lead'], needs: ['leads.read'] },
  { icon: 'gauge', label: 'Usage', href: to.usage, pages: ['usage'], needs: ['usage.read'] },
  {
    icon: 'gear',
    label: 'Settings',
    href: () => to.settings('people'),
    pages: ['people', 'keys', 'audit', 'account'],
    needs: ['members.read'],
  },
]

/** Those that one may see. */
export function placesFor(me: Me): Place[] {
  return PLACES.filter(({ needs }) => needs.length === 0 || needs.some((word) => me.permissions.includes(word)))
}
