import type { Role } from '../../api/types'

/** What each role is for; the owner hands over in another way. */
export const ROLES: readonly (readonly [Exclude<Role, 'owner'>, string])[] = [
  ['admin', 'Admin: everything but handing over the workspace'],
  ['member', 'Member: builds, publishes and runs workflows'],
  ['viewer', 'Viewer: looks, and changes nothing'],
]

export function roleName(role: Role): string {
  return role.charAt(0).toUpperCase() + role.slice(1)
}
