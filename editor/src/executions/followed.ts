import { setMarks } from '../canvas/marks'
import type { EdgeMark, Marks } from '../canvas/marks'
import type { Graph } from '../document/graph'
import { edgesAt, stepsAt } from './moments'
import type { Past } from './past'
import { edgeMarks, nodeMarks } from './steps'
import type { Watching } from './watching'

/**
 * Keeps the marks of a graph as the execution stands, or as it stood after the entry `at` of its journal. What is answered
 * ends that.
 */
export function followed(marks: Marks, graph: Graph, watching: Watching, past: Past, at: number | null): () => void {
  const sources = new Map(graph.edges.map((edge) => [edge.id, edge.source]))
  let [seen, edges, seenMoments]: unknown[] = []
  let known: ReadonlyMap<string, EdgeMark> = new Map()
  const show = () => {
    const { live } = watching.get()
    const { moments } = past.get()
    if (!live || (live === seen && moments === seenMoments)) return
    ;[seen, seenMoments] = [live, moments]
    if (at !== null) {
      const steps = stepsAt(live, moments, at)
      return setMarks(marks, nodeMarks(graph, steps), edgesAt(live, sources, steps))
    }
    if (live.edges !== edges) known = edgeMarks(live)
    edges = live.edges
    setMarks(marks, nodeMarks(graph, live.steps), known)
  }
  show()
  const ends = [watching.subscribe(show), past.subscribe(show)]
  return () => ends.forEach((end) => end())
}
