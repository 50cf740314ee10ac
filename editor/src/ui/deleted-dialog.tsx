import type { Page } from '../api/types'
import { useAttempt } from '../app/attempt'
import { usePaged } from '../app/paged'
import { Dialog } from './dialog'
import { Failure } from './failure'
import { ago, dateTime } from './time'
import { say } from './toast'

interface Deleted {
  id: string
  deleted_at: string
}

interface Props<T> {
  title: string
  /** What is said where nothing is deleted. */
  empty: string
  /** What its state is called. */
  stateHead: string
  load: (cursor: string | null) => Promise<Page<T>>
  nameOf: (item: T) => string
  stateOf: (item: T) => string
  onRestore: (item: T) => Promise<unknown>
  onClose: () => void
}

/** What was deleted, and the way back. */
export function DeletedDialog<T extends Deleted>(props: Props<T>) {
  const { title, empty, stateHead, load, nameOf, stateOf, onRestore, onClose } = props
  const paged = usePaged(load, title)
  const { error, isBusy, attempt } = useAttempt()
  const restore = (item: T) =>
    attempt(async () => {
      await onRestore(item)
      say(`${nameOf(item)} is restored.`)
      paged.reload()
    })
  const failure = error ?? paged.error
  return (
    <Dialog title={title} onClose={onClose} className="wide">
      {failure && <Failure error={failure} />}
      {paged.items?.length === 0 && <p className="faint">{empty}</p>}
      {paged.items && paged.items.length > 0 && (
        <table className="rows">
          <thead>
            <tr>
              <th>Name</th>
              <th>{stateHead}</th>
              <th>Deleted</th>
              <th aria-label="Back" />
            </tr>
          </thead>
          <tbody>
            {paged.items.map((item) => (
              <tr key={item.id}>
                <td>{nameOf(item)}</td>
                <td>{stateOf(item)}</td>
                <td title={dateTime(item.deleted_at)}>{ago(item.deleted_at)}</td>
                <td className="end">
                  <button
                    type="button"
                    aria-label={`Restore ${nameOf(item)}`}
                    disabled={isBusy}
                    onClick={() => void restore(item)}
                  >
                    Restore
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {paged.more && (
        <button type="button" onClick={paged.more}>
          Show older ones
        </button>
      )}
    </Dialog>
  )
}
