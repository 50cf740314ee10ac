/** Filters of lists, kept by name. They stay in this browser, for each workspace and list: the server knows nothing of them. */

export interface View {
  name: string
  /** As it stands in the address, without `?`. */
  query: string
}

export const VIEWS_MAX = 30
export const NAME_CHARS_MAX = 60
const QUERY_CHARS_MAX = 1000
const CHANGED = 'capstan:views'

/** The fields of a query by which a list is filtered, always in the same order. */
export function filtersOf(search: string, fields: readonly string[]): string {
  const all = new URLSearchParams(search)
  const given = fields.flatMap((field): [string, string][] => {
    const value = all.get(field) ?? ''
    return value === '' ? [] : [[field, value]]
  })
  return new URLSearchParams(given).toString()
}

/** With one more, in the order of their names; one of the same name gives way. Null if there are too many. */
export function withView(views: readonly View[], view: View): View[] | null {
  const next = [...without(views, view.name), view].sort((a, b) => a.name.localeCompare(b.name))
  return next.length > VIEWS_MAX || view.query.length > QUERY_CHARS_MAX ? null : next
}

export function without(views: readonly View[], name: string): View[] {
  return views.filter((view) => view.name !== name)
}

/** What the browser kept; what is none of ours is left out. */
export function readViews(kept: string | null): View[] {
  try {
    const found: unknown = JSON.parse(kept ?? '[]')
    return Array.isArray(found) ? found.filter(isView).slice(0, VIEWS_MAX) : []
  } catch {
    return []
  }
}

function isView(value: unknown): value is View {
  const { name, query } = (value ?? {}) as Partial<Record<keyof View, unknown>>
  return (
    typeof name === 'string' &&
    name !== '' &&
    name.length <= NAME_CHARS_MAX &&
    typeof query === 'string' &&
    query !== '' &&
    query.length <= QUERY_CHARS_MAX
  )
}

export function keyOf(workspace: string, list: string): string {
  return `capstan.views.${workspace}.${list}`
}

/** Whether the browser has kept them: it may be full, or told to keep nothing. */
export function keepViews(key: string, views: readonly View[]): boolean {
  try {
    if (views.length === 0) localStorage.removeItem(key)
    else localStorage.setItem(key, JSON.stringify(views))
  } catch {
    return false
  }
  dispatchEvent(new Event(CHANGED))
  return true
}

/** Also of what another tab has kept. */
export function onViews(listener: () => void): () => void {
  addEventListener(CHANGED, listener)
  addEventListener('storage', listener)
  return () => {
    removeEventListener(CHANGED, listener)
    removeEventListener('storage', listener)
  }
}
