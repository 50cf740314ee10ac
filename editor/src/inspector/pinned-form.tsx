import { useState } from 'react'

import type { GraphNode } from '../document/graph'
import { pinnedOf } from '../document/pinned'
import { Icon } from '../ui/icon'
import type { Editing } from '../workflows/editing'
import { JsonInput } from './json-input'

/** What stands for the step while one tries the draft out. */
export function PinnedForm({ editing, node }: { editing: Editing; node: GraphNode }) {
  const pinned = pinnedOf(node)
  const [isOpen, setOpen] = useState(pinned !== null)
  const ports = editing.kinds.portsOf(node)
  const port = pinned?.port ?? ports[0] ?? ''
  if (!isOpen && pinned === null) {
    return (
      <button type="button" disabled={editing.isReadOnly} onClick={() => setOpen(true)}>
        <Icon name="pin" /> Pin an output by hand
      </button>
    )
  }
  const change = (output: unknown) =>
    output !== undefined && editing.pin(node.id, { ...pinned, output }, 'pinned output')
  return (
    <section aria-label="Pinned output" data-testid="pinned">
      <h3>Pinned</h3>
      <p className="form-help">
        It stands for the step in tests of others, simulations, and trials that ask for it; never in what is published.
      </p>
      <label className="field">
        <span>Output</span>
        <JsonInput id="pinned-output" value={pinned?.output} onChange={change} rows={4} />
      </label>
      {ports.length > 1 && pinned && (
        <label className="field">
          <span>Port{pinned.more_ports?.length ? `, with ${pinned.more_ports.join(', ')}` : ''}</span>
          <select
            value={port}
            onChange={(event) => editing.pin(node.id, { output: pinned.output, port: event.target.value }, 'port')}
          >
            {ports.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
      {pinned && (
        <button type="button" disabled={editing.isReadOnly} onClick={() => editing.pin(node.id, null)}>
          Unpin
        </button>
      )}
    </section>
  )
}
