import { deletedLeads, restoreLead } from '../../api/leads'
import type { DeletedLead } from '../../api/leads'
import { DeletedDialog } from '../../ui/deleted-dialog'
import { nameOf } from './words'

/** Leads that were deleted, and the way back. */
export function DeletedLeads({ onClose }: { onClose: () => void }) {
  return (
    <DeletedDialog<DeletedLead>
      title="Deleted leads"
      empty="No lead is deleted, or it is too long ago."
      stateHead="Status"
      load={deletedLeads}
      nameOf={nameOf}
      stateOf={({ status }) => status}
      onRestore={({ id }) => restoreLead(id)}
      onClose={onClose}
    />
  )
}
