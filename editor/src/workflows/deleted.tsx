import { useState } from 'react'

import { deleteWorkflow, deletedWorkflows, restoreWorkflow } from '../api/calls'
import type { DeletedWorkflow, WorkflowSummary } from '../api/types'
import { useAttempt } from '../app/attempt'
import { usePaged } from '../app/paged'
import { Confirm } from '../ui/confirm'
import { Dialog } from '../ui/dialog'
import { Failure } from '../ui/failure'
import { IconButton } from '../ui/icon-button'
import { ago, dateTime } from '../ui/time'
import { say } from '../ui/toast'

/** Deletes a workflow, once one has said so twice. */
export function DeleteButton({ workflow, onDeleted }: { workflow: WorkflowSummary; onDeleted: () => void }) {
  const [isAsked, setAsked] = useState(false)
  const remove = async () => {
    await deleteWorkflow(workflow.id)
    say(`“${workflow.name}” is deleted. It can be restored.`)
    onDeleted()
  }
  return (
    <>
      <IconButton icon="trash" label={`Delete ${workflow.name}…`} onClick={() => setAsked(true)} />
      {isAsked && (
        <Confirm title="Delete the workflow?" submit="Delete" onConfirm={remove} onClose={() => setAsked(false)}>
          <p>
            Nothing starts “{workflow.name}” any more: its forms, hooks, schedules and other triggers are gone at once.
            Executions that have begun go on. It can be restored as it is.
          </p>
        </Confirm>
      )}
    </>
  )
}

/** What was deleted, and the way back. */
export function DeletedDialog({ onRestored, onClose }: { onRestored: () => void; onClose: () => void }) {
  const paged = usePaged(deletedWorkflows, 'deleted-workflows')
  const { error, isBusy, attempt } = useAttempt()
  const restore = (workflow: DeletedWorkflow) =>
    attempt(async () => {
      await restoreWorkflow(workflow.id)
      say(
        workflow.published === null
          ? `“${workflow.name}” is restored.`
          : `“${workflow.name}” is restored, and its triggers start it again.`,
      )
      paged.reload()
      onRestored()
    })
  const failure = error ?? paged.error
  return (
    <Dialog title="Deleted workflows" onClose={onClose} className="wide">
      {failure && <Failure error={failure} />}
      {paged.items?.length === 0 && <p className="faint">No workflow is deleted.</p>}
      {paged.items && paged.items.length > 0 && (
        <table className="rows">
          <thead>
            <tr>
              <th>Name</th>
              <th>Published</th>
              <th>Deleted</th>
              <th aria-label="Back" />
            </tr>
          </thead>
          <tbody>
            {paged.items.map((item) => (
              <tr key={item.id}>
                <td>{item.name}</td>
                <td>
                  {item.published === null ? <span className="faint">draft only</span> : `version ${item.published}`}
                </td>
                <td title={dateTime(item.deleted_at)}>{ago(item.deleted_at)}</td>
                <td className="end">
                  <button
                    type="button"
                    aria-label={`Restore ${item.name}`}
                    disabled={isBusy}
                    onClick={() => void restore(item)}
                  >
                    Restore
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {paged.more && (
        <button type="button" onClick={paged.more}>
          Show older ones
        </button>
      )}
    </Dialog>
  )
}
