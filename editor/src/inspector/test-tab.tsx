import { useState } from 'react'

import { executions } from '../api/calls'
import { ApiError } from '../api/client'
import { testStep } from '../api/trying'
import type { NodeType } from '../api/types'
import { useLoad } from '../app/load'
import { useStore } from '../app/store'
import { unique } from '../app/unique'
import { nodeById } from '../document/graph'
import type { GraphNode } from '../document/graph'
import { pinnedOf } from '../document/pinned'
import { Failure } from '../ui/failure'
import { Icon } from '../ui/icon'
import { dateTime } from '../ui/time'
import type { Editing } from '../workflows/editing'
import { saved } from '../workflows/saved'
import { JsonInput } from './json-input'
import { Listen } from './listen'
import { PinnedForm } from './pinned-form'
import { givenOf, missingOf } from './test-wish'
import { TestResult } from './test-result'

/** Runs one step for real, with data that was recorded, pinned or written here; what it gives can be pinned. */
export function TestTab({ editing, node }: { editing: Editing; node: GraphNode }) {
  const role = editing.catalogue.roleOf(node.type)
  return (
    <>
      {role === 'step' ? (
        <Test editing={editing} node={node} />
      ) : canListen(editing.catalogue.get(node.type)) ? (
        <Listen editing={editing} node={node} />
      ) : (
        <p className="faint">Triggers and containers are not tested alone; “Try out” above runs them with the rest.</p>
      )}
      {role !== 'trigger' && <PinnedForm key={String(pinnedOf(node) === null)} editing={editing} node={node} />}
    </>
  )
}

/** Hooks that verify what comes can listen, too; older servers know neither. */
function canListen(type: NodeType | undefined): boolean {
  return type?.name === 'trigger.webhook' && 'verify' in ((type.schema['properties'] ?? {}) as object)
}

function Test({ editing, node }: { editing: Editing; node: GraphNode }) {
  const { draft, catalogue } = editing
  const basis = useStore(editing, (state) => state.basis)
  const result = useStore(editing, (state) => state.tested.get(node.id))
  const past = useLoad(() => executions(draft.id), `executions of ${draft.id}`)
  const [chosen, setChosen] = useState<string | null>(null)
  const [given, setGiven] = useState<Readonly<Record<string, unknown>>>({})
  const [asked, setAsked] = useState<readonly string[]>([])
  const [input, setInput] = useState<unknown>(() => editing.get().sample?.input)
  const [item, setItem] = useState<unknown>(undefined)
  const [error, setError] = useState<ApiError | null>(null)
  const [isRunning, setRunning] = useState(false)
  const source = chosen ?? basis?.id ?? past.value?.items[0]?.id ?? ''
  const submit = async () => {
    setRunning(true)
    try {
      await saved(draft)
      const wish = { node_id: node.id, ...givenOf({ source, input, item, steps: given }) }
      editing.showTested(node.id, await testStep(draft.id, wish, unique()))
      setError(null)
    } catch (refused) {
      const failure = ApiError.of(refused)
      setError(failure)
      setAsked((before) => [...new Set([...before, ...missingOf(failure)])])
    } finally {
      setRunning(false)
    }
  }
  const options = past.value?.items ?? []
  const isListed = basis === null || options.some((option) => option.id === basis.id)
  return (
    <form
      className="stack"
      data-testid="test-step"
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      <label className="field">
        <span>With the data of</span>
        <select value={source} onChange={(event) => setChosen(event.target.value)}>
          <option value="">nothing but what is pinned or given here</option>
          {!isListed && <option value={basis.id}>the execution of {dateTime(basis.created_at)}</option>}
          {options.map((option) => (
            <option key={option.id} value={option.id}>
              the execution of {dateTime(option.created_at)}, {option.status}
            </option>
          ))}
        </select>
      </label>
      <label className="field">
        <span>Input {source && '(that of the execution if empty)'}</span>
        <JsonInput id="test-input" value={input} onChange={setInput} />
      </label>
      {node.parentId !== undefined && (
        <label className="field">
          <span>Item of {nodeById(editing.graph, node.parentId) ? editing.named(node.parentId) : 'the container'}</span>
          <JsonInput id="test-item" value={item} onChange={setItem} />
        </label>
      )}
      {asked.map((id) => (
        <label key={id} className="field">
          <span>
            What <code>steps.{id}</code> gave
          </span>
          <JsonInput id={`test-${id}`} value={given[id]} onChange={(value) => setGiven({ ...given, [id]: value })} />
        </label>
      ))}
      {error && <Failure error={error} />}
      <button className="primary" disabled={editing.isReadOnly || isRunning}>
        <Icon name="play" /> {isRunning ? 'It runs…' : 'Test this step'}
      </button>
      {catalogue.get(node.type)?.effect !== 'pure' && (
        <p className="faint">It is one attempt for real: what it does outside is done.</p>
      )}
      {result && <TestResult editing={editing} node={node} result={result} />}
    </form>
  )
}
