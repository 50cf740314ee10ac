import type { Finding, Problem } from '../api/types'
import type { Editing } from '../workflows/editing'

const FIELD = /^\/nodes\/\d+(\/data\/(config|policy)\/.+)$/

/** Goes to what a problem is about: the step, and the field in its form if it is about one. */
export function goToPlace(editing: Editing, entry: Problem | Finding): void {
  if (!entry.node_id) {
    if (entry.edge_id) editing.chooseEdge(entry.edge_id)
    return
  }
  editing.goTo(entry.node_id)
  const [, field, part] = FIELD.exec(('pointer' in entry && entry.pointer) || '') ?? []
  if (field === undefined) return
  editing.set({ tab: part === 'policy' ? 'policy' : 'config' })
  // The form is drawn first.
  requestAnimationFrame(() => inputOf(field)?.focus())
}

/** The field that is named, or the nearest around it that has a form. */
function inputOf(field: string): HTMLElement | null {
  for (let path = field; path !== ''; path = path.slice(0, path.lastIndexOf('/'))) {
    const found = document.querySelector(`[data-field="${CSS.escape(path)}"]`)
    const input = found?.querySelector<HTMLElement>('input, textarea, select')
    if (input) return input
  }
  return null
}
