import { useRef } from 'react'
import type { FocusEvent, KeyboardEvent } from 'react'

import { useStore } from '../app/store'
import { iconOf } from '../canvas/categories'
import { isObject } from '../document/diff'
import { nodeById } from '../document/graph'
import type { GraphNode } from '../document/graph'
import { counted, noteAt } from '../document/notes'
import { sentence } from '../ui/failure'
import { Icon } from '../ui/icon'
import { IconButton } from '../ui/icon-button'
import { Tabs } from '../ui/tabs'
import type { Editing, InspectorTab } from '../workflows/editing'
import { DataList } from './data-list'
import { EdgeForm } from './edge-form'
import { Help } from './help'
import { Identity } from './identity'
import { JsonInput } from './json-input'
import { NextTimes } from './next-times'
import { NoteForm } from './note-form'
import { POLICY } from './policy'
import { problemsAt } from './problems'
import { ReadingProvider, useReadingOf } from './reading'
import { SchemaForm } from './schema-form'
import { TestTab } from './test-tab'
import type { Json } from './schema'

type Tab = InspectorTab
const TABS: [Tab, string][] = [
  ['config', 'Settings'],
  ['policy', 'Policy'],
  ['test', 'Test'],
  ['json', 'JSON'],
]

const NO_DATA: Json = {}

/** What is selected, as a form. */
export function Inspector({ editing }: { editing: Editing }) {
  const selection = useStore(editing, (state) => state.selection)
  const graph = useStore(editing.draft, (state) => state.history.present)
  const [edgeId] = selection.edges
  const [nodeId] = selection.nodes
  const node = selection.nodes.size === 1 && nodeId !== undefined ? nodeById(graph, nodeId) : undefined
  if (node) return <NodeForm key={node.id} editing={editing} node={node} />
  const note = selection.nodes.size === 1 ? noteAt(graph, nodeId ?? '') : undefined
  if (note) return <NoteForm key={note.id} editing={editing} note={note} />
  if (selection.nodes.size > 1) return <Many editing={editing} what={counted(selection.nodes)} />
  const edge = graph.edges.find((found) => found.id === edgeId)
  return edge ? <EdgeForm key={edge.id} editing={editing} edge={edge} /> : null
}

function NodeForm({ editing, node }: { editing: Editing; node: GraphNode }) {
  const tab = useStore(editing, (state) => state.tab)
  const known = editing.catalogue.get(node.type)
  const reading = useReadingOf(editing, node)
  const written = useRef<HTMLTextAreaElement>(null)
  const note = ({ target }: FocusEvent) => {
    if (target instanceof HTMLTextAreaElement) written.current = target
  }
  return (
    <aside className="inspector" aria-label="Inspector" data-testid="inspector" onKeyDown={backToCanvas} onFocus={note}>
      <header>
        <Icon name={iconOf(node.type)} />
        <div>
          <h2>{known?.title ?? node.type}</h2>
          <Help words={known?.description ?? 'This server does not know the type; it is kept as it is.'} />
        </div>
        <IconButton icon="close" label="Close" onClick={() => editing.select({ nodes: new Set(), edges: new Set() })} />
      </header>
      <Identity editing={editing} node={node} />
      <Tabs tabs={TABS} chosen={tab} onChoose={(chosen) => editing.set({ tab: chosen })} />
      <div className="inspector-body" role="tabpanel">
        {tab === 'test' ? (
          <TestTab editing={editing} node={node} />
        ) : (
          <ReadingProvider value={reading}>
            <TabBody editing={editing} node={node} tab={tab} />
          </ReadingProvider>
        )}
      </div>
      {(tab === 'config' || tab === 'policy') && reading.isFilledIn && (
        <DataList editing={editing} node={node} written={written} />
      )}
    </aside>
  )
}

/** Escape leaves the fields; what is selected stays so. */
function backToCanvas(event: KeyboardEvent): void {
  if (event.key === 'Escape') document.querySelector<HTMLElement>('.canvas')?.focus()
}

function TabBody({ editing, node, tab }: { editing: Editing; node: GraphNode; tab: Exclude<Tab, 'test'> }) {
  const problems = problemsAt(
    useStore(editing.draft, (state) => state.problems),
    node.id,
  )
  const known = editing.catalogue.get(node.type)
  const put = (part: 'config' | 'policy') => (value: Json, field: string) =>
    editing.updateNode(node.id, `Change ${editing.named(node.id)}`, (data) => ({ ...data, [part]: value }), field)
  if (tab === 'json' || (tab === 'config' && !known)) {
    const change = (value: unknown) =>
      editing.updateNode(node.id, `Change ${editing.named(node.id)}`, () => value as Json, 'json')
    return (
      <label className="form-field">
        <span className="form-help">The node’s data as it is stored. What is no JSON object is not taken over.</span>
        <JsonInput id="node-json" value={node.data ?? NO_DATA} accepts={isObject} onChange={change} rows={8} />
      </label>
    )
  }
  const schema = tab === 'policy' ? POLICY : (known?.schema ?? {})
  const value = ((tab === 'policy' ? node.data?.policy : node.data?.config) ?? {}) as Json
  const isEmpty = Object.keys((schema['properties'] ?? {}) as Json).length === 0
  const whole = problems.get('/data/config') ?? problems.get('')
  return (
    <>
      {whole && <p className="form-problem">{sentence(whole)}</p>}
      {isEmpty && <p className="faint">There is nothing to set.</p>}
      <SchemaForm
        schema={schema}
        root={schema}
        value={value}
        problems={problems}
        pointer={`/data/${tab}`}
        onChange={put(tab)}
      />
      {tab === 'config' && node.type === 'trigger.schedule' && <NextTimes config={value} />}
    </>
  )
}

function Many({ editing, what }: { editing: Editing; what: string }) {
  return (
    <aside className="inspector" aria-label="Inspector">
      <header>
        <Icon name="group" />
        <div>
          <h2>{what}</h2>
          <p className="faint">Ctrl-C copies them as text, Delete removes them.</p>
        </div>
      </header>
      <div className="inspector-body">
        <button type="button" onClick={() => editing.duplicate()}>
          <Icon name="copy" /> Duplicate
        </button>
        <button type="button" className="danger" onClick={() => editing.remove()}>
          <Icon name="trash" /> Delete
        </button>
      </div>
    </aside>
  )
}
