import { withdrawInvitation } from '../../api/access'
import type { Invitation } from '../../api/access'
import { ApiError } from '../../api/client'
import type { Loaded } from '../../app/load'
import { useCan } from '../../app/who'
import { Failure, sentence } from '../../ui/failure'
import { Table } from '../../ui/table'
import { ago, dateTime } from '../../ui/time'
import { say } from '../../ui/toast'
import { roleName } from './roles'

/** Invitations that nobody has accepted yet. */
export function Invitations({ invited }: { invited: Loaded<{ items: Invitation[] }> }) {
  const mayChange = useCan('members.write')
  const items = invited.value?.items ?? []
  const withdraw = (invitation: Invitation) =>
    withdrawInvitation(invitation.id)
      .then(() => say(`The invitation of ${invitation.email} is withdrawn.`))
      .catch((refused: unknown) => say(sentence(ApiError.of(refused).detail), 'wrong'))
      .finally(invited.reload)
  if (invited.error) return <Failure error={invited.error} onRetry={invited.reload} />
  if (items.length === 0) return null
  return (
    <>
      <h2>Invited</h2>
      <Table<Invitation>
        label="Invitations"
        items={items}
        keyOf={(invitation) => invitation.id}
        columns={[
          { head: 'E-mail', cell: (invitation) => <strong className="name">{invitation.email}</strong> },
          { head: 'Role', cell: (invitation) => roleName(invitation.role) },
          { head: 'By', cell: (invitation) => invitation.invited_by ?? '' },
          { head: 'Sent', cell: (invitation) => ago(invitation.created_at) },
          { head: 'Until', cell: (invitation) => dateTime(invitation.expires_at) },
          {
            head: '',
            isEnd: true,
            cell: (invitation) =>
              mayChange && (
                <button type="button" className="quiet danger" onClick={() => void withdraw(invitation)}>
                  Withdraw
                </button>
              ),
          },
        ]}
      />
    </>
  )
}
