import { version, versions } from '../api/calls'
import { useLoad } from '../app/load'
import { read } from '../document/codec'
import { diff } from '../document/diff'
import { Differences } from './differences'
import type { Editing } from './editing'

/** What publishing would change. */
export function Changes({ editing }: { editing: Editing }) {
  const { draft } = editing
  const loaded = useLoad(async () => {
    const [newest] = (await versions(draft.id)).items
    if (!newest) return null
    const { graph } = await version(draft.id, newest.id)
    return { number: newest.number, diff: diff(read(graph), editing.graph) }
  }, `changes of ${draft.id}`)
  if (!loaded.value) return null
  const { number, diff: found } = loaded.value
  const count = found.differences.length
  return (
    <details>
      <summary>
        {count === 0
          ? found.notes.length > 0
            ? 'Nothing but notes and places'
            : 'Nothing but places'
          : count === 1
            ? '1 change'
            : `${count} changes`}{' '}
        since version {number}
      </summary>
      <Differences diff={found} />
    </details>
  )
}
