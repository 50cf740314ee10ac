/** Who one is, and what one may do in the workspace that is looked at. */

import { constants } from '../api/constants'
import type { Me } from '../api/types'
import { Store, useStore } from './store'

export type Permission = (typeof constants.permissions)[number]['name']
/** A part of the product that a workspace can have. */
export type PageName = (typeof constants.pages)[number]['name']

const PAGES = new Map<string, PageName | null>(constants.permissions.map(({ name, page }) => [name, page]))

export function hasPage(me: Me | null, page: PageName | null): boolean {
  return page === null || (me?.pages.includes(page) ?? false)
}

/** Whether one has the permission, and the workspace the page that it belongs to. */
export function may(me: Me | null, permission: Permission): boolean {
  return (me?.permissions.includes(permission) ?? false) && hasPage(me, PAGES.get(permission) ?? null)
}

/** `isOut` is where the session has ended while one works. */
export const who = new Store<{ me: Me | null; isOut: boolean }>({ me: null, isOut: false })

/** For what is no component; it does not hear of changes. */
export function can(permission: Permission): boolean {
  return may(who.get().me, permission)
}

export function useCan(permission: Permission): boolean {
  return useStore(who, ({ me }) => may(me, permission))
}

export function useMe(): Me | null {
  return useStore(who, ({ me }) => me)
}
