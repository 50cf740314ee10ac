/**
 * Addresses below `/editor/`. What is looked at, and how it is filtered, is always in the address, and where a person has
 * a session, the workspace is, too: `/editor/w/{slug}/…`.
 */

import { useSyncExternalStore } from 'react'

import { workspaceInAddress } from '../api/session'

const BASE = '/editor'

/** Pages that need nobody to be signed in; links in mails lead to some of them. */
const OPEN = ['login', 'sign-up', 'verify', 'forgot', 'reset', 'invitation'] as const
const LISTS = [
  'workflows',
  'executions',
  'rules',
  'webhooks',
  'schedules',
  'credentials',
  'leads',
  'records',
  'tenants',
] as const
const SINGLE = [
  'overview',
  'usage',
  'workspaces',
  'forms',
  'alerts',
  'approvals',
  'failures',
  'health',
  'platform',
] as const
const SETTINGS = ['people', 'keys', 'audit', 'workspace', 'account'] as const

export type OpenPage = (typeof OPEN)[number]
export type SettingsPage = (typeof SETTINGS)[number]
export type ListPage = (typeof LISTS)[number]
export type Route =
  | { page: OpenPage | SettingsPage | ListPage | (typeof SINGLE)[number] | 'unknown' }
  | {
      page: 'workflow' | 'execution' | 'rule' | 'webhook' | 'schedule' | 'credential' | 'lead' | 'record' | 'tenant'
      id: string
    }

export function routeOf(path: string): Route {
  const parts = path.slice(BASE.length).split('/').filter(Boolean)
  const [noun, id, more] = parts[0] === 'w' ? parts.slice(2) : parts
  if (more !== undefined) return { page: 'unknown' }
  if (noun === undefined) return { page: 'overview' }
  if (noun === 'settings') return { page: SETTINGS.find((page) => page === (id ?? 'people')) ?? 'unknown' }
  const list = LISTS.find((page) => page === noun)
  if (list) return id === undefined ? { page: list } : { page: list.slice(0, -1) as 'workflow', id }
  const single = [...SINGLE, ...OPEN].find((page) => page === noun)
  return { page: single && id === undefined ? single : 'unknown' }
}

export function isOpen(route: Route): route is { page: OpenPage } {
  return OPEN.some((page) => page === route.page)
}

type Filter = Record<string, string>

function inside(path: string, query: Filter = {}): string {
  const workspace = workspaceInAddress()
  return withQuery(`${workspace === null ? BASE : `${BASE}/w/${workspace}`}/${path}`, query)
}

export const to = {
  overview: (filter?: Filter) => inside('overview', filter),
  workflows: () => inside('workflows'),
  /** The list, with the question for a new one. */
  newWorkflow: () => inside('workflows', { new: 'empty' }),
  workflow: (id: string, filter?: Filter) => inside(`workflows/${id}`, filter),
  executions: (filter?: Filter) => inside('executions', filter),
  execution: (id: string, filter?: Filter) => inside(`executions/${id}`, filter),
  rules: () => inside('rules'),
  /** `new` is one that is not made yet. */
  rule: (id: string) => inside(`rules/${id}`),
  webhooks: () => inside('webhooks'),
  webhook: (id: string, filter?: Filter) => inside(`webhooks/${id}`, filter),
  schedules: (filter?: Filter) => inside('schedules', filter),
  schedule: (id: string) => inside(`schedules/${id}`),
  credentials: () => inside('credentials'),
  credential: (id: string) => inside(`credentials/${id}`),
  forms: () => inside('forms'),
  alerts: (filter?: Filter) => inside('alerts', filter),
  failures: (filter?: Filter) => inside('failures', filter),
  leads: () => inside('leads'),
  lead: (id: string) => inside(`leads/${id}`),
  records: (filter?: Filter) => inside('records', filter),
  record: (id: string) => inside(`records/${id}`),
  approvals: (filter?: Filter) => inside('approvals', filter),
  /** Of the platform, which is in no workspace. */
  tenants: () => `${BASE}/tenants`,
  tenant: (id: string) => `${BASE}/tenants/${id}`,
  health: () => `${BASE}/health`,
  /** Its settings, and what was changed of it. */
  platform: () => `${BASE}/platform`,
  /** Where a piece of news leads: of the platform, or of a workspace that need not be the one that is looked at. */
  news: (workspace: string | null, page: string) =>
    workspace === null ? `${BASE}/${page}` : `${BASE}/w/${workspace}/${page}`,
  usage: () => inside('usage'),
  settings: (page: SettingsPage) => inside(`settings/${page}`),
  /** Another workspace, or the page on which one chooses. */
  workspace: (slug: string, page: 'overview' | 'workflows' = 'overview') => `${BASE}/w/${slug}/${page}`,
  workspaces: () => `${BASE}/workspaces`,
  open: (page: OpenPage, query: Filter = {}) => withQuery(`${BASE}/${page}`, query),
}

/** The same place, with the workspace in its address. */
export function inWorkspace(slug: string): string {
  const rest = location.pathname.slice(BASE.length).replace(/^\/(w\/[^/]+\/?)?/, '')
  return `${BASE}/w/${slug}/${rest}${location.search}`
}

function withQuery(path: string, query: Filter): string {
  const given = Object.entries(query).filter(([, value]) => value !== '')
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`
}

const MOVED = 'capstan:moved'

export function navigate(address: string): void {
  if (address === location.pathname + location.search) return
  history.pushState(null, '', address)
  dispatchEvent(new Event(MOVED))
}

/** As `navigate`, but there is no way back to where one was. */
export function replaceAddress(address: string): void {
  history.replaceState(null, '', address)
  dispatchEvent(new Event(MOVED))
}

/** Changes one field of the query in place; empty takes it away. */
export function setQuery(name: string, value: string): void {
  const query = new URLSearchParams(location.search)
  if (value === '') query.delete(name)
  else query.set(name, value)
  const text = query.toString()
  replaceAddress(location.pathname + (text && `?${text}`))
}

function subscribe(listener: () => void): () => void {
  addEventListener('popstate', listener)
  addEventListener(MOVED, listener)
  return () => {
    removeEventListener('popstate', listener)
    removeEventListener(MOVED, listener)
  }
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname)
}

/** The whole query, as it stands in the address. */
export function useSearch(): string {
  return useSyncExternalStore(subscribe, () => location.search)
}

export function useQuery(name: string): string {
  return useSyncExternalStore(subscribe, () => new URLSearchParams(location.search).get(name) ?? '')
}
