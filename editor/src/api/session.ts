/**
 * The API key, as long as the tab lives. There are no users yet; this file is all that knows how one signs in. Without
 * a key, reading works where the server allows it: `capstan dev` on this machine, or the cookie of the page at `/`.
 */

const KEY = 'capstan.key'

export function apiKey(): string | null {
  return sessionStorage.getItem(KEY)
}

export function keepKey(key: string): void {
  sessionStorage.setItem(KEY, key)
}

export function forgetKey(): void {
  sessionStorage.removeItem(KEY)
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
