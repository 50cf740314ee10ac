import { useEffect, useMemo } from 'react'

import { checkDraft, execution, saveDraft, workflow } from '../api/calls'
import { ApiError } from '../api/client'
import type { Execution, Workflow } from '../api/types'
import { useCatalogue } from '../app/catalogue'
import { useLoad } from '../app/load'
import { useQuery } from '../app/router'
import { can, who } from '../app/who'
import { Draft } from '../draft/draft'
import { Failure } from '../ui/failure'
import '../styles/editor.css'
import '../styles/inspector.css'
import { telling } from '../executions/steps'
import { say } from '../ui/toast'
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
    const isReadOnly = !can('workflows.write')
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
  useBasis(editing)
  return <Editor editing={editing} rule={opened.rule} />
}

/** The execution that the address names, if it is one of this workflow; what is telling of it is looked at first. */
function useBasis(editing: Editing): void {
  const wanted = useQuery('execution')
  useEffect(() => {
    if (wanted === '' || editing.get().basis?.id === wanted) return
    let over = false
    const take = (found: Execution) => {
      if (over) return
      if (found.workflow_id !== editing.draft.id) return say('That execution is one of another workflow.', 'wrong')
      editing.set({ basis: found })
      const step = telling(found)
      if (step) editing.choose(step.node_id)
    }
    execution(wanted).then(take, (error: unknown) => say(ApiError.of(error).detail, 'wrong'))
    return () => {
      over = true
    }
  }, [editing, wanted])
}

/**
 * With what the server finds wrong, where it may be asked: looking needs no key on one's own machine, checking does.
 */
async function read(id: string): Promise<Workflow> {
  const found = await workflow(id)
  if (who.get().me?.kind === 'machine') return found
  const { problems } = await checkDraft(id)
  return { ...found, problems }
}
