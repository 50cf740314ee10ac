import { useStore } from '../app/store'
import { iconOf } from '../canvas/categories'
import { childrenOf, labelOf } from '../document/graph'
import type { Graph, GraphNode } from '../document/graph'
import { noteKey, noteName } from '../document/notes'
import { Icon } from '../ui/icon'
import type { Editing } from './editing'

/** The graph as a list: what leads where, container by container. */
export function Outline({ editing }: { editing: Editing }) {
  const graph = useStore(editing.draft, (state) => state.history.present)
  const selected = useStore(editing, (state) => state.selection.nodes)
  return (
    <nav className="outline" aria-label="Outline">
      <Level editing={editing} graph={graph} parentId={undefined} selected={selected} />
      <Notes editing={editing} graph={graph} selected={selected} />
    </nav>
  )
}

interface LevelProps {
  editing: Editing
  graph: Graph
  parentId: string | undefined
  selected: ReadonlySet<string>
}

function Level({ editing, graph, parentId, selected }: LevelProps) {
  const nodes = inOrder(graph, childrenOf(graph, parentId))
  return (
    <ul>
      {nodes.map((node) => (
        <li key={node.id}>
          <button type="button" aria-current={selected.has(node.id)} onClick={() => editing.goTo(node.id)}>
            <Icon name={iconOf(node.type)} />
            <span>{labelOf(node)}</span>
            <span className="faint">{leadsTo(graph, node)}</span>
          </button>
          {editing.kinds.isContainer(node.type) && (
            <Level editing={editing} graph={graph} parentId={node.id} selected={selected} />
          )}
        </li>
      ))}
    </ul>
  )
}

function Notes({ editing, graph, selected }: Omit<LevelProps, 'parentId'>) {
  if (graph.notes.length === 0) return null
  return (
    <>
      <h3>Notes</h3>
      <ul aria-label="Notes">
        {graph.notes.map((note) => {
          const key = noteKey(note.id)
          return (
            <li key={key}>
              <button type="button" aria-current={selected.has(key)} onClick={() => editing.goTo(key)}>
                <Icon name="note" />
                <span>{noteName(note)}</span>
              </button>
            </li>
          )
        })}
      </ul>
    </>
  )
}

function leadsTo(graph: Graph, node: GraphNode): string {
  const names = new Map(graph.nodes.map((other) => [other.id, labelOf(other)]))
  const targets = graph.edges
    .filter((edge) => edge.source === node.id)
    .map((edge) => names.get(edge.target) ?? edge.target)
  return targets.length === 0 ? '' : `→ ${targets.join(', ')}`
}

/** Each node after those that lead to it. */
function inOrder(graph: Graph, nodes: GraphNode[]): GraphNode[] {
  const open = new Map(nodes.map((node) => [node.id, node]))
  const sorted: GraphNode[] = []
  while (open.size > 0) {
    const free = [...open.values()].filter(
      (node) => !graph.edges.some((edge) => edge.target === node.id && open.has(edge.source)),
    )
    // In a circle nobody comes first.
    for (const node of free.length > 0 ? free : [...open.values()]) {
      open.delete(node.id)
      sorted.push(node)
    }
  }
  return sorted
}
