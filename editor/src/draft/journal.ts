/** What was changed and is not on the server yet, kept by the browser: it outlives a closed tab and a dead server. */

export interface Unsaved {
  /** The revision that it was made from. */
  revision: number
  document: Record<string, unknown>
  /** What the server had at that revision, to merge with what others saved. */
  base: Record<string, unknown> | null
}

const name = (workflowId: string) => `capstan.draft.${workflowId}`

export function keep(workflowId: string, unsaved: Unsaved): void {
  try {
    localStorage.setItem(name(workflowId), JSON.stringify(unsaved))
  } catch {
    // No room: the tab still has it, and saving goes on.
  }
}

export function drop(workflowId: string): void {
  localStorage.removeItem(name(workflowId))
}

export function unsaved(workflowId: string): Unsaved | null {
  try {
    const kept = JSON.parse(localStorage.getItem(name(workflowId)) ?? 'null') as Unsaved | null
    return typeof kept?.revision === 'number' && typeof kept.document === 'object' ? kept : null
  } catch {
    return null
  }
}
