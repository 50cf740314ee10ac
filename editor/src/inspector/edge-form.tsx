import { kindOf } from '../document/graph'
import type { EdgeKind, GraphEdge } from '../document/graph'
import { Icon } from '../ui/icon'
import type { Editing } from '../workflows/editing'
import { SchemaForm } from './schema-form'
import type { Json } from './schema'

const TITLES: Record<EdgeKind, string> = { flow: 'Edge', error: 'Error edge', compensate: 'Undo edge' }

const FIELDS: Record<EdgeKind, Json> = {
  flow: {
    properties: {
      when: {
        type: 'string',
        description:
          'Taken only if this holds, such as steps.fetch.status == 200. An expression without braces; always if empty.',
      },
    },
  },
  error: {
    properties: {
      error_classes: {
        type: 'array',
        items: { type: 'string' },
        description: 'Taken for these classes of errors, such as http_4xx; for all if empty.',
      },
    },
  },
  compensate: { properties: {} },
}

/** What there is to say of an edge. */
export function EdgeForm({ editing, edge }: { editing: Editing; edge: GraphEdge }) {
  const kind = kindOf(edge)
  const schema = FIELDS[kind]
  const port = kind === 'flow' && edge.sourceHandle ? ` at ${edge.sourceHandle}` : ''
  return (
    <aside className="inspector" aria-label="Inspector">
      <header>
        <Icon name="branch" />
        <div>
          <h2>{TITLES[kind]}</h2>
          <p className="faint">
            From {editing.named(edge.source)}
            {port} to {editing.named(edge.target)}
          </p>
        </div>
      </header>
      <div className="inspector-body">
        <SchemaForm
          schema={schema}
          root={schema}
          value={(edge.data ?? {}) as Json}
          problems={new Map()}
          pointer={`/edges/${edge.id}`}
          onChange={(value, field) => editing.updateEdge(edge.id, 'Change an edge', () => value, field)}
        />
        {kind === 'compensate' && (
          <p className="form-help">
            If the execution fails or is cancelled after {editing.named(edge.source)} was done,{' '}
            {editing.named(edge.target)} undoes it.
          </p>
        )}
        <button type="button" className="danger" onClick={() => editing.remove()}>
          <Icon name="trash" /> Delete
        </button>
      </div>
    </aside>
  )
}
