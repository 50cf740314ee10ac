import { useMemo, useState } from 'react'

import { planRestart, restart, versions } from '../api/calls'
import type { Execution, Plan } from '../api/types'
import { useAttempt } from '../app/attempt'
import { useLoad } from '../app/load'
import { navigate, to } from '../app/router'
import { useStore } from '../app/store'
import { unique } from '../app/unique'
import { nameOf } from '../document/graph'
import { FormDialog } from '../ui/form-dialog'
import type { Watching } from './watching'

interface Props {
  watching: Watching
  execution: Execution
  from: string
  onClose: () => void
}

/** A new execution that begins with what this one had done; what that means is shown before it happens. */
export function Restart({ watching, execution, from: first, onClose }: Props) {
  const ran = execution.steps.filter(
    (step) => step.scope === '' && step.status !== 'skipped' && step.node_id !== execution.trigger,
  )
  const [from, setFrom] = useState(first || (ran[0]?.node_id ?? ''))
  const [versionId, setVersionId] = useState(execution.version_id)
  const { error, attempt } = useAttempt()
  const key = useMemo(() => unique(), [from, versionId])
  const known = useLoad(() => versions(execution.workflow_id), 'versions')
  const plan = useLoad(() => planRestart(execution.id, from, versionId), `plan ${from} ${versionId}`)
  const submit = () =>
    attempt(async () => {
      const { id } = await restart(execution.id, from, versionId, key)
      if (id) navigate(to.execution(id))
    })
  return (
    <FormDialog
      title="Restart from a step"
      submit="Restart"
      icon="retry"
      isOff={!plan.value}
      error={error ?? plan.error}
      onSubmit={submit}
      onClose={onClose}
    >
      <label className="field">
        <span>Runs again from</span>
        <select value={from} onChange={(event) => setFrom(event.target.value)}>
          {ran.map((step) => (
            <option key={step.node_id} value={step.node_id}>
              {step.label} ({step.status})
            </option>
          ))}
        </select>
      </label>
      <label className="field">
        <span>On version</span>
        <select value={versionId} onChange={(event) => setVersionId(event.target.value)}>
          {known.value?.items.map((version, at) => (
            <option key={version.id} value={version.id}>
              {version.number}
              {version.id === execution.version_id ? ', as before' : at === 0 ? ', the newest' : ''}
            </option>
          ))}
        </select>
      </label>
      {plan.value && <Told watching={watching} plan={plan.value} />}
    </FormDialog>
  )
}

function Told({ watching, plan }: { watching: Watching; plan: Plan }) {
  const graph = useStore(watching, (state) => state.graph)
  const names = (ids: readonly string[]) => ids.map((id) => nameOf(graph, id)).join(', ')
  const rows: [string, readonly string[], string][] = [
    ['Counts as done', plan.kept, ''],
    ['Of these, changed in that version', plan.changed, 'warn'],
    ['Runs again', plan.redone, ''],
    ['Effects that may happen twice', plan.repeated_effects, 'warn'],
    ['May run for the first time', plan.new, ''],
    ['Begun, but not in that version', plan.dropped, ''],
  ]
  return (
    <dl className="facts plan">
      {rows
        .filter(([, ids]) => ids.length > 0)
        .map(([name, ids, tone]) => (
          <div key={name} data-tone={tone}>
            <dt>{name}</dt>
            <dd>{names(ids)}</dd>
          </div>
        ))}
    </dl>
  )
}
