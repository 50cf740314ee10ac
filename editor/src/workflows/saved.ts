import { ApiError } from '../api/client'
import type { Draft } from '../draft/draft'

/** What is tried out or published is what the server has: everything is saved first. */
export async function saved(draft: Draft): Promise<void> {
  if (await draft.flush()) return
  throw new ApiError(0, 'not_saved', 'the draft is not saved', 'see beside its name why')
}
