import { useState } from 'react'

import { nodeById } from '../document/graph'
import type { GraphNode } from '../document/graph'
import { isNodeId } from '../document/ids'
import { STEP_NOTE_CHARS_MAX } from '../document/notes'
import type { Editing } from '../workflows/editing'

const NOTE_ROWS_MAX = 6

/** What a node is called, by people and by expressions; and what is to be said of it. */
export function Identity({ editing, node }: { editing: Editing; node: GraphNode }) {
  const [id, setId] = useState(node.id)
  const isTaken = id !== node.id && nodeById(editing.graph, id) !== undefined
  const objection = isTaken
    ? 'Another step has this name.'
    : isNodeId(id)
      ? ''
      : 'Letters, digits, _ and -, at most 100.'
  const rename = () => {
    if (id === node.id) return
    if (objection) setId(node.id)
    else editing.rename(node.id, id)
  }
  return (
    <div className="identity">
      <label className="field">
        <span>Label</span>
        <input
          value={node.data?.label ?? ''}
          placeholder={node.id}
          maxLength={200}
          data-testid="label"
          onChange={(event) => {
            const label = event.target.value
            editing.updateNode(node.id, `Label ${node.id}`, (data) => ({ ...data, label }), 'label')
          }}
        />
      </label>
      <label className="field">
        <span>Name in expressions</span>
        <input
          className="mono"
          value={id}
          spellCheck={false}
          aria-invalid={objection !== ''}
          title={objection || `steps.${node.id}`}
          onChange={(event) => setId(event.target.value)}
          onBlur={rename}
          onKeyDown={(event) => event.key === 'Enter' && rename()}
        />
      </label>
      {objection && <p className="form-problem">{objection}</p>}
      <StepNote editing={editing} node={node} />
    </div>
  )
}

/** Without any text there is none. */
function StepNote({ editing, node }: { editing: Editing; node: GraphNode }) {
  const written = node.data?.['note']
  const note = typeof written === 'string' ? written : ''
  const write = (text: string) =>
    editing.updateNode(
      node.id,
      `Note of ${editing.named(node.id)}`,
      ({ note: _before, ...data }) => (text === '' ? data : { ...data, note: text }),
      'note',
    )
  return (
    <label className="field wide">
      <span>Note</span>
      <textarea
        rows={Math.min(NOTE_ROWS_MAX, Math.max(1, note.split('\n').length + Math.floor(note.length / 50)))}
        value={note}
        placeholder="Why it is there"
        maxLength={STEP_NOTE_CHARS_MAX}
        data-testid="step-note"
        onChange={(event) => write(event.target.value)}
      />
    </label>
  )
}
