import { version, versions } from '../api/calls'
import type { VersionSummary } from '../api/types'
import { useAttempt } from '../app/attempt'
import { useLoad } from '../app/load'
import { read } from '../document/codec'
import { equal } from '../document/equal'
import { Dialog } from '../ui/dialog'
import { Failure } from '../ui/failure'
import { ago, dateTime } from '../ui/time'
import { say } from '../ui/toast'
import { Compare } from './compare'
import type { Editing } from './editing'

/** What was published, and the way back to it: the draft takes a version over, which can be undone like anything else. */
export function VersionsDialog({ editing, onClose }: { editing: Editing; onClose: () => void }) {
  const { error, attempt } = useAttempt()
  const known = useLoad(() => versions(editing.draft.id), 'versions')
  const takeOver = (wanted: VersionSummary) =>
    attempt(async () => {
      const { graph } = await version(editing.draft.id, wanted.id)
      const next = read(graph)
      const { nodes, edges, notes } = editing.graph
      if (equal(next.nodes, nodes) && equal(next.edges, edges) && equal(next.notes, notes)) {
        say(`The draft is version ${wanted.number} already.`)
      } else {
        editing.takeOver(next, wanted.number)
      }
      onClose()
    })
  const failure = error ?? known.error
  return (
    <Dialog title="Versions" onClose={onClose} className="wide">
      {failure && <Failure error={failure} />}
      {known.value?.items.length === 0 && <p className="faint">Nothing is published yet.</p>}
      <ul className="versions">
        {known.value?.items.map((item) => (
          <li key={item.id}>
            <span>
              {item.name ?? `Version ${item.number}`}{' '}
              <span className="faint">
                {item.name !== null && `version ${item.number}, `}
                {ago(item.created_at)}
              </span>
              {item.note !== null && <span className="note">{item.note}</span>}
            </span>
            <button
              type="button"
              disabled={editing.isReadOnly}
              title={`Published ${dateTime(item.created_at)}`}
              onClick={() => void takeOver(item)}
            >
              Take over into the draft
            </button>
          </li>
        ))}
      </ul>
      {known.value && known.value.items.length > 0 && <Compare editing={editing} versions={known.value.items} />}
    </Dialog>
  )
}
