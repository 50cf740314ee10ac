/**
 * Who one is to the server. A person has a session, whose cookie no script sees; the workspace that is looked at stands in
 * the address, `/editor/w/{slug}/…`. An API key opens its own workspace, and is kept as long as the tab lives.
 */

const KEY = 'capstan.key'
const WORKSPACE = 'capstan.workspace'
const IN_ADDRESS = /^\/editor\/w\/([^/]+)/

export function apiKey(): string | null {
  return sessionStorage.getItem(KEY)
}

export function keepKey(key: string): void {
  sessionStorage.setItem(KEY, key)
}

export function forgetKey(): void {
  sessionStorage.removeItem(KEY)
}

export function workspaceInAddress(path = location.pathname): string | null {
  return IN_ADDRESS.exec(path)?.[1] ?? null
}

/** The one that was looked at last, for addresses that name none. */
export function lastWorkspace(): string | null {
  return localStorage.getItem(WORKSPACE)
}

export function rememberWorkspace(slug: string | null): void {
  if (slug === null) localStorage.removeItem(WORKSPACE)
  else localStorage.setItem(WORKSPACE, slug)
}

/** Headers that tell who one is: the key if there is one, else which workspace of one's session. */
export function auth(): Record<string, string> {
  const key = apiKey()
  if (key) return { authorization: `Bearer ${key}` }
  const workspace = workspaceInAddress() ?? lastWorkspace()
  return workspace ? { 'capstan-workspace': workspace } : {}
}

/**
 * `capstan dev` prints an address that ends in `#key=…`. What follows `#` is never sent; it is taken out of sight,
 * too.
 */
export function takeKeyFromAddress(): void {
  const key = new URLSearchParams(location.hash.slice(1)).get('key')
  if (!key) return
  keepKey(key)
  history.replaceState(null, '', location.pathname + location.search)
}
