/** Who one is, and what one may do in the workspace that is looked at. */

import type { Me } from '../api/types'
import { Store, useStore } from './store'

export type Permission =
  | `workspace.${'read' | 'write' | 'own'}`
  | `workflows.${'read' | 'write' | 'publish'}`
  | `executions.${'read' | 'start' | 'operate'}`
  | 'approvals.answer'
  | 'events.write'
  | `credentials.${'read' | 'write' | 'use'}`
  | `${'webhooks' | 'triggers' | 'members' | 'keys'}.${'read' | 'write'}`
  | `leads.${'read' | 'write' | 'manage'}`
  | 'usage.read'
  | 'audit.read'

/** `isOut` is where the session has ended while one works. */
export const who = new Store<{ me: Me | null; isOut: boolean }>({ me: null, isOut: false })

/** For what is no component; it does not hear of changes. */
export function can(permission: Permission): boolean {
  return who.get().me?.permissions.includes(permission) ?? false
}

export function useCan(permission: Permission): boolean {
  return useStore(who, ({ me }) => me?.permissions.includes(permission) ?? false)
}

export function useMe(): Me | null {
  return useStore(who, ({ me }) => me)
}
