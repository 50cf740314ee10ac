import { deletedRecords, restoreRecord } from '../../api/records'
import type { DeletedRecord } from '../../api/records'
import { DeletedDialog } from '../../ui/deleted-dialog'

/** Records of all types that were deleted, and the way back. What they hold is not told of them. */
export function DeletedRecords({ onClose }: { onClose: () => void }) {
  return (
    <DeletedDialog<DeletedRecord>
      title="Deleted records"
      empty="No record is deleted, or it is too long ago."
      stateHead="State"
      load={deletedRecords}
      nameOf={({ type, id }) => `${type} ${id.slice(-8)}`}
      stateOf={({ state }) => state}
      onRestore={({ id }) => restoreRecord(id)}
      onClose={onClose}
    />
  )
}
