/** Runs executions again from the beginning, one start for each. A browser does it, so it ends when the page is left. */

import { ApiError } from '../../api/client'
import type { Execution, Started } from '../../api/types'
import type { Outcome } from './orders'

/** Executions of one click. */
export const AGAIN_MAX = 100
/** Starts that are on their way at a time. */
const AT_A_TIME = 3

export interface Asks {
  read: (id: string) => Promise<Execution>
  /** The key makes a repeated start of the same execution one. */
  start: (wish: { workflow_id: string; trigger: string; input: unknown }, key: string) => Promise<Started>
}

/** Tells how all of them stand after each; what was not come to when `signal` is aborted stays pending. */
export async function runAgain(
  ids: readonly string[],
  batch: string,
  asks: Asks,
  onProgress: (outcomes: Outcome[]) => void,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = ids.map((id) => ({ execution_id: id, status: 'pending', reason: null }))
  let next = 0
  const work = async () => {
    while (next < ids.length && !signal.aborted) {
      const at = next
      next += 1
      outcomes[at] = await one(ids[at] ?? '', batch, asks)
      onProgress([...outcomes])
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, work))
  return outcomes
}

async function one(id: string, batch: string, asks: Asks): Promise<Outcome> {
  try {
    const { workflow_id, trigger, input } = await asks.read(id)
    const started = await asks.start({ workflow_id, trigger, input: input ?? {} }, `${batch}:${id}`)
    return { execution_id: id, status: 'done', reason: null, new_execution_id: started.id }
  } catch (refused) {
    const { detail, hint } = ApiError.of(refused)
    return { execution_id: id, status: 'failed', reason: [detail, hint].filter(Boolean).join('; ') }
  }
}
