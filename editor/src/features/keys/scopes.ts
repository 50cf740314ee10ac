/** Scopes of keys by what they are about, in the order of the permission table. */

export interface ScopeGroup {
  about: string
  scopes: string[]
}

/** What only reads, and is nobody's business who only looks. */
const KEPT = ['keys.read', 'audit.read', 'billing.read']

export function grouped(permissions: readonly string[]): ScopeGroup[] {
  const groups = new Map<string, string[]>()
  for (const scope of permissions) {
    // It cannot be given to a key.
    if (scope === 'workspace.own') continue
    const about = scope.split('.')[0] ?? scope
    groups.set(about, [...(groups.get(about) ?? []), scope])
  }
  return [...groups].map(([about, scopes]) => ({ about, scopes }))
}

/** Many at once, for the usual purposes; only what one has oneself can be given. */
export function readOnly(permissions: readonly string[]): string[] {
  return permissions.filter((scope) => scope.endsWith('.read') && !KEPT.includes(scope))
}
