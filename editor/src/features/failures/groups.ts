/** What failed, by workflow and kind of error. */

import type { ExecutionSummary } from '../../api/types'

export interface Group {
  key: string
  workflow_id: string
  /** The class of the error; `incident` where executions wait for a person. */
  class: string
  /** The node that failed; empty if that is not known. */
  node_id: string
  /** Why the newest of them failed. */
  reason: string
  /** Newest first. */
  items: ExecutionSummary[]
}

/** The group with the newest failure first. Ids order by time. */
export function groupsOf(items: readonly ExecutionSummary[]): Group[] {
  const groups = new Map<string, Group>()
  for (const item of [...items].sort((a, b) => (a.id < b.id ? 1 : -1))) {
    const { class: kind, reason, node_id = '' } = item.failure ?? { class: item.status, reason: '' }
    const key = JSON.stringify([item.workflow_id, kind, node_id])
    const group = groups.get(key)
    if (group) group.items.push(item)
    else groups.set(key, { key, workflow_id: item.workflow_id, class: kind, node_id, reason, items: [item] })
  }
  return [...groups.values()]
}

export interface Chosen {
  failed: string[]
  /** They wait for a person, and have not ended. */
  incidents: string[]
}

/** Those that are chosen and still listed. */
export function chosenOf(items: readonly ExecutionSummary[], chosen: ReadonlySet<string>): Chosen {
  const ids = (status: string) => items.filter((item) => item.status === status && chosen.has(item.id)).map(idOf)
  return { failed: ids('failed'), incidents: ids('incident') }
}

/** With all of a group, or without any of it if all of it is chosen already. */
export function flippedAll(chosen: ReadonlySet<string>, items: readonly ExecutionSummary[]): Set<string> {
  const isWhole = items.every(({ id }) => chosen.has(id))
  const next = new Set(chosen)
  for (const { id } of items) {
    if (isWhole) next.delete(id)
    else next.add(id)
  }
  return next
}

export function flipped(chosen: ReadonlySet<string>, id: string): Set<string> {
  const next = new Set(chosen)
  if (!next.delete(id)) next.add(id)
  return next
}

function idOf({ id }: ExecutionSummary): string {
  return id
}
