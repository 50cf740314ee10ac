/** How many approvals wait for one's answer, as the mark in the navigation shows it. */

import { approvals } from '../api/approvals'
import { useLoad } from './load'
import { useCan } from './who'

const EVERY_MS = 30_000
/** More are not counted: the list's longest page. */
const COUNTED_MAX = 100

export interface OpenApprovals {
  count: number
  /** Whether there may be more than were looked at. */
  isMore: boolean
}

const NONE: OpenApprovals = { count: 0, isMore: false }

/** Asks when something is new of them, and now and then. */
export function useOpenApprovals(): OpenApprovals {
  const mayList = useCan('executions.read')
  const loaded = useLoad(() => (mayList ? count() : Promise.resolve(NONE)), `open approvals ${mayList}`, EVERY_MS, [
    'approval',
  ])
  return loaded.value ?? NONE
}

async function count(): Promise<OpenApprovals> {
  const { items, next_cursor } = await approvals('open', null, COUNTED_MAX)
  return { count: items.filter(({ who }) => who.api_key).length, isMore: next_cursor !== null }
}
