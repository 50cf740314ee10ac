import { fileAbout } from '../api/calls'
import { ApiError } from '../api/client'
import { asFile, fileName } from '../document/file'
import type { Draft } from '../draft/draft'
import { download } from '../ui/download'
import type { Editing } from './editing'

/** What is tried out or published is what the server has: everything is saved first. */
export async function saved(draft: Draft): Promise<void> {
  if (await draft.flush()) return
  throw new ApiError(0, 'not_saved', 'the draft is not saved', 'see beside its name why')
}

/** What is on the canvas as a file, which tells the draft that the server has: who imports it later overwrites nothing newer. */
export async function saveAsFile({ draft, graph }: Editing): Promise<void> {
  const about = await fileAbout(draft.id).catch(() => ({ id: draft.id, name: draft.name }))
  download(fileName(draft.name), asFile(graph, about))
}
