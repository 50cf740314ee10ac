import { useEffect, useMemo } from 'react'

import { checkDraft, saveDraft, workflow } from '../api/calls'
import { apiKey } from '../api/session'
import type { Workflow } from '../api/types'
import { useCatalogue } from '../app/catalogue'
import { useLoad } from '../app/load'
import { Draft } from '../draft/draft'
import { Failure } from '../ui/failure'
import '../styles/editor.css'
import '../styles/inspector.css'
import { Editing } from './editing'
import { Editor } from './editor'

/** The page of one workflow: loads its draft and hands it to the editor. */
export default function WorkflowPage({ id }: { id: string }) {
  const loaded = useLoad(() => read(id), `workflow ${id}`)
  if (loaded.error && !loaded.value) return <Failure error={loaded.error} onRetry={loaded.reload} />
  return loaded.value && <Open workflow={loaded.value} />
}

function Open({ workflow: opened }: { workflow: Workflow }) {
  const catalogue = useCatalogue()
  const editing = useMemo(() => {
    const isReadOnly = apiKey() === null
    const server = {
      isReadOnly,
      save: (revision: number, document: Record<string, unknown>) => saveDraft(opened.id, revision, document),
      read: () => workflow(opened.id),
    }
    return new Editing(new Draft(opened, server), catalogue, isReadOnly)
  }, [opened, catalogue])
  useEffect(() => {
    const { draft } = editing
    const keep = () => draft.keepNow()
    addEventListener('pagehide', keep)
    return () => {
      removeEventListener('pagehide', keep)
      draft.close()
    }
  }, [editing])
  return <Editor editing={editing} />
}

/**
 * With what the server finds wrong, where it may be asked: looking needs no key on one's own machine, checking does.
 */
async function read(id: string): Promise<Workflow> {
  const found = await workflow(id)
  if (apiKey() === null) return found
  const { problems } = await checkDraft(id)
  return { ...found, problems }
}
