import { deletedLeads, restoreLead } from '../../api/leads'
import type { DeletedLead } from '../../api/leads'
import { useAttempt } from '../../app/attempt'
import { usePaged } from '../../app/paged'
import { Dialog } from '../../ui/dialog'
import { Failure } from '../../ui/failure'
import { ago, dateTime } from '../../ui/time'
import { say } from '../../ui/toast'
import { nameOf } from './words'

/** Leads that were deleted, and the way back. */
export function DeletedDialog({ onClose }: { onClose: () => void }) {
  const paged = usePaged(deletedLeads, 'deleted-leads')
  const { error, isBusy, attempt } = useAttempt()
  const restore = (lead: DeletedLead) =>
    attempt(async () => {
      await restoreLead(lead.id)
      say(`${nameOf(lead)} is restored.`)
      paged.reload()
    })
  const failure = error ?? paged.error
  return (
    <Dialog title="Deleted leads" onClose={onClose} className="wide">
      {failure && <Failure error={failure} />}
      {paged.items?.length === 0 && <p className="faint">No lead is deleted, or it is too long ago.</p>}
      {paged.items && paged.items.length > 0 && (
        <table className="rows">
          <thead>
            <tr>
              <th>Name</th>
              <th>Status</th>
              <th>Deleted</th>
              <th aria-label="Back" />
            </tr>
          </thead>
          <tbody>
            {paged.items.map((item) => (
              <tr key={item.id}>
                <td>{nameOf(item)}</td>
                <td>{item.status}</td>
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
