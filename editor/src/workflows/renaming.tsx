import { useState } from 'react'

import { renameWorkflow } from '../api/calls'
import type { WorkflowSummary } from '../api/types'
import { useAttempt } from '../app/attempt'
import { useStore } from '../app/store'
import { sentence } from '../ui/failure'
import { TextField } from '../ui/field'
import { FormDialog } from '../ui/form-dialog'
import { IconButton } from '../ui/icon-button'
import type { Editing } from './editing'

const NAME_CHARS_MAX = 200
const CODES = { name: ['bad_name', 'made_by_rule'] }

/** What the workflow is called; a click, the pencil and F2 let it be written. */
export function Title({ editing }: { editing: Editing }) {
  const name = useStore(editing.draft, (state) => state.name)
  const isWritten = useStore(editing, (state) => state.asking?.what === 'rename')
  if (isWritten) return <Naming editing={editing} name={name} />
  if (editing.isReadOnly) return <h1 title={name}>{name}</h1>
  const write = () => editing.ask({ what: 'rename' })
  return (
    <div className="title">
      <h1 title={name} onClick={write}>
        {name}
      </h1>
      <IconButton icon="pencil" label="Rename (F2)" onClick={write} />
    </div>
  )
}

/** Enter saves, Escape leaves it as it is; what is refused stays, with the reason. */
function Naming({ editing, name }: { editing: Editing; name: string }) {
  const { draft } = editing
  const [text, setText] = useState(name)
  const { error, isBusy, attempt } = useAttempt()
  const close = () => editing.ask(null)
  const save = () => {
    const wanted = text.trim()
    if (wanted === name) return close()
    void attempt(async () => {
      draft.setName((await renameWorkflow(draft.id, wanted)).name)
      close()
    })
  }
  return (
    <form
      className="title naming"
      onSubmit={(event) => {
        event.preventDefault()
        if (!isBusy) save()
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') close()
      }}
    >
      <input
        autoFocus
        required
        maxLength={NAME_CHARS_MAX}
        aria-label="Name of the workflow"
        aria-invalid={error !== null}
        aria-describedby={error ? 'naming-error' : undefined}
        value={text}
        readOnly={isBusy}
        onFocus={(event) => event.target.select()}
        onChange={(event) => setText(event.target.value)}
      />
      <button className="primary" disabled={isBusy}>
        Rename
      </button>
      <IconButton icon="close" label="Leave the name as it is" onClick={close} />
      {error && (
        <p id="naming-error" className="failure" role="alert">
          {sentence(error.detail)} {sentence(error.hint)}
        </p>
      )}
    </form>
  )
}

/** The same in a list. */
export function RenameButton({ workflow, onRenamed }: { workflow: WorkflowSummary; onRenamed: () => void }) {
  const [isAsked, setAsked] = useState(false)
  return (
    <>
      <IconButton icon="pencil" label={`Rename ${workflow.name}…`} onClick={() => setAsked(true)} />
      {isAsked && <RenameDialog workflow={workflow} onRenamed={onRenamed} onClose={() => setAsked(false)} />}
    </>
  )
}

interface DialogProps {
  workflow: WorkflowSummary
  onRenamed: () => void
  onClose: () => void
}

function RenameDialog({ workflow, onRenamed, onClose }: DialogProps) {
  const [name, setName] = useState(workflow.name)
  const { error, isBusy, attempt } = useAttempt()
  const submit = () =>
    void attempt(async () => {
      await renameWorkflow(workflow.id, name.trim())
      onRenamed()
      onClose()
    })
  return (
    <FormDialog
      title="Rename"
      submit="Rename"
      isOff={isBusy}
      error={error}
      codes={CODES}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField label="Name" name="name" required maxLength={NAME_CHARS_MAX} value={name} onText={setName} />
    </FormDialog>
  )
}
