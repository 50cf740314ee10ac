import { useEffect, useState } from 'react'

import { ApiError } from '../api/client'
import { heardAt, listenAt, stopListening } from '../api/triggers'
import type { Heard, Listening } from '../api/triggers'
import { useLoad } from '../app/load'
import { useCan } from '../app/who'
import type { GraphNode } from '../document/graph'
import { Chip } from '../ui/chip'
import { Failure } from '../ui/failure'
import { Icon } from '../ui/icon'
import { JsonView } from '../ui/json-view'
import { Copyable } from '../ui/once'
import { clock } from '../ui/time'
import type { Editing } from '../workflows/editing'
import { saved } from '../workflows/saved'

const EVERY_MS = 1_000

/** Waits for one real request to a hook, and keeps it as a sample: nothing starts. */
export function Listen({ editing, node }: { editing: Editing; node: GraphNode }) {
  const [listening, setListening] = useState<Listening | null>(null)
  const [error, setError] = useState<ApiError | null>(null)
  const mayListen = useCan('triggers.write')
  const workflow = editing.draft.id
  const begin = async () => {
    try {
      await saved(editing.draft)
      setListening(await listenAt(workflow, node.id))
      setError(null)
    } catch (refused) {
      setError(ApiError.of(refused))
    }
  }
  const stop = () => {
    if (listening) void stopListening(workflow, listening.id).catch(() => undefined)
    setListening(null)
  }
  return (
    <section className="stack" aria-label="Test event" data-testid="listen">
      <p className="form-help">
        Send a request as the other system would: the first one is kept as a sample, and starts nothing.
      </p>
      {error && <Failure error={error} />}
      {listening ? (
        <Waiting key={listening.id} editing={editing} node={node} listening={listening} onStop={stop} onAgain={begin} />
      ) : (
        <button type="button" className="primary" disabled={!mayListen} onClick={() => void begin()}>
          <Icon name="web" /> Listen for a test event
        </button>
      )}
    </section>
  )
}

interface WaitingProps {
  editing: Editing
  node: GraphNode
  listening: Listening
  onStop: () => void
  onAgain: () => void
}

function Waiting({ editing, node, listening, onStop, onAgain }: WaitingProps) {
  const [isOver, setOver] = useState(false)
  const heard = useLoad(() => heardAt(editing.draft.id, listening.id), `listen ${listening.id}`, isOver ? 0 : EVERY_MS)
  const { status, sample } = heard.value ?? { status: 'listening', sample: null }
  useEffect(() => {
    if (status === 'listening') return
    setOver(true)
    if (sample) editing.takeSample(node.id, sample.input)
  }, [editing, node.id, status, sample])
  return (
    <>
      <div className="copyable-line">
        <code>{listening.method}</code> <Copyable text={new URL(listening.url, location.origin).href} label="Address" />
      </div>
      <p role="status">
        {status === 'listening' && <Chip tone="busy">{`listening until ${clock(listening.until)}`}</Chip>}
        {status === 'over' && <Chip tone="quiet">nothing came</Chip>}
        {status === 'captured' && <Chip tone="good">it came</Chip>}
      </p>
      {heard.error && <Failure error={heard.error} onRetry={heard.reload} />}
      {sample && <Sample sample={sample} />}
      <div className="row">
        <button type="button" onClick={onStop}>
          {status === 'listening' ? 'Stop' : 'Close'}
        </button>
        {status !== 'listening' && (
          <button type="button" onClick={onAgain}>
            <Icon name="retry" /> Listen again
          </button>
        )}
        {sample && (
          <button type="button" className="primary" onClick={() => editing.ask({ what: 'try' })}>
            <Icon name="bug" /> Try the draft with it
          </button>
        )}
      </div>
    </>
  )
}

const VERIFIED = new Map<boolean | null, string>([
  [true, 'Its signature is good.'],
  [false, 'Its signature is not good: once it is published, such a request is refused.'],
])

function Sample({ sample }: { sample: NonNullable<Heard['sample']> }) {
  return (
    <>
      <p className="form-help">
        {sample.method}, {clock(sample.at)}. {VERIFIED.get(sample.verified)}
        {sample.truncated && ' It was too long to be kept whole.'}
      </p>
      <JsonView value={sample.input} />
    </>
  )
}
