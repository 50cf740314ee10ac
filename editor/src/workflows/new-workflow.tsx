import { useState } from 'react'

import { createWorkflow } from '../api/calls'
import { ApiError } from '../api/client'
import { useAttempt } from '../app/attempt'
import { navigate, to } from '../app/router'
import { fromFile, nameOfFile } from '../document/file'
import { TEMPLATES, templateGraph } from '../features/templates/templates'
import { FormDialog } from '../ui/form-dialog'

type Json = Record<string, unknown>

/** What a new workflow begins with. */
const FIRST_GRAPH: Json = {
  nodes: [{ id: 'start', type: 'trigger.manual', position: { x: 80, y: 120 }, data: { label: 'Start' } }],
  edges: [],
}
const EMPTY = 'empty'
const FILE = 'file'

/** Asks for a name, and for what to begin with: nothing, a template, or a file. */
export function NewWorkflow({ begin = EMPTY, onClose }: { begin?: string; onClose: () => void }) {
  const [name, setName] = useState(TEMPLATES.find((template) => template.id === begin)?.name ?? '')
  const [from, setFrom] = useState(begin)
  const [file, setFile] = useState<File | null>(null)
  const { error, attempt } = useAttempt()
  const choose = (next: string) => {
    const suggested = (id: string) => TEMPLATES.find((template) => template.id === id)?.name ?? ''
    if (name === '' || name === suggested(from)) setName(suggested(next))
    setFrom(next)
  }
  const take = (chosen: File | null) => {
    setFile(chosen)
    if (chosen && name === '') setName(nameOfFile(chosen.name))
  }
  const submit = () =>
    attempt(async () => {
      const made = await createWorkflow(name, await graphFrom(from, file))
      navigate(to.workflow(made.id))
    })
  return (
    <FormDialog title="New workflow" submit="Create" error={error} onSubmit={submit} onClose={onClose}>
      <label className="field">
        <span>Name</span>
        <input value={name} required maxLength={200} autoFocus onChange={(event) => setName(event.target.value)} />
      </label>
      <fieldset className="choices">
        <legend>Begin with</legend>
        <Choice id={EMPTY} name="Nothing" about="A step that one starts by hand." {...{ from, choose }} />
        {TEMPLATES.map((template) => (
          <Choice key={template.id} {...template} {...{ from, choose }} />
        ))}
        <Choice id={FILE} name="A file" about="One that was exported, or is kept beside code." {...{ from, choose }} />
      </fieldset>
      {from === FILE && (
        <label className="field">
          <span>File</span>
          <input
            type="file"
            accept=".json,application/json"
            required
            onChange={(event) => take(event.target.files?.[0] ?? null)}
          />
        </label>
      )}
    </FormDialog>
  )
}

interface ChoiceProps {
  id: string
  name: string
  about: string
  from: string
  choose: (id: string) => void
}

function Choice({ id, name, about, from, choose }: ChoiceProps) {
  return (
    <label className="choice">
      <input type="radio" name="begin" checked={from === id} onChange={() => choose(id)} />
      <span>
        <strong>{name}</strong> <span className="faint">{about}</span>
      </span>
    </label>
  )
}

async function graphFrom(from: string, file: File | null): Promise<Json> {
  if (from === EMPTY) return FIRST_GRAPH
  if (from !== FILE) return templateGraph(from)
  const graph = fromFile((await file?.text()) ?? '')
  if (graph) return graph
  throw new ApiError(400, 'no_workflow', `${file?.name ?? 'the file'} is no workflow`, 'it needs "nodes" and "edges"')
}
