/** Addresses below `/editor/`. What is looked at, and how it is filtered, is always in the address. */

import { useSyncExternalStore } from 'react'

const BASE = '/editor'

export type Route =
  | { page: 'workflows' }
  | { page: 'workflow'; id: string }
  | { page: 'executions' }
  | { page: 'execution'; id: string }
  | { page: 'unknown' }

export function routeOf(path: string): Route {
  const [noun, id, more] = path.slice(BASE.length).split('/').filter(Boolean)
  if (more !== undefined) return { page: 'unknown' }
  if (noun === undefined) return { page: 'workflows' }
  if (noun === 'workflows') return id === undefined ? { page: 'workflows' } : { page: 'workflow', id }
  if (noun === 'executions') return id === undefined ? { page: 'executions' } : { page: 'execution', id }
  return { page: 'unknown' }
}

export const to = {
  workflows: () => `${BASE}/workflows`,
  workflow: (id: string, filter: Record<string, string> = {}) => withQuery(`${BASE}/workflows/${id}`, filter),
  executions: (filter: Record<string, string> = {}) => withQuery(`${BASE}/executions`, filter),
  execution: (id: string, filter: Record<string, string> = {}) => withQuery(`${BASE}/executions/${id}`, filter),
}

function withQuery(path: string, query: Record<string, string>): string {
  const given = Object.entries(query).filter(([, value]) => value !== '')
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`
}

const MOVED = 'capstan:moved'

export function navigate(address: string): void {
  if (address === location.pathname + location.search) return
  history.pushState(null, '', address)
  dispatchEvent(new Event(MOVED))
}

/** Changes one field of the query in place; empty takes it away. */
export function setQuery(name: string, value: string): void {
  const query = new URLSearchParams(location.search)
  if (value === '') query.delete(name)
  else query.set(name, value)
  const text = query.toString()
  history.replaceState(null, '', location.pathname + (text && `?${text}`))
  dispatchEvent(new Event(MOVED))
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

export function useQuery(name: string): string {
  return useSyncExternalStore(subscribe, () => new URLSearchParams(location.search).get(name) ?? '')
}
