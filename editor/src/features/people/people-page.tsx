import { useState } from 'react'

import { invitations, members } from '../../api/access'
import type { Member } from '../../api/access'
import { useLoad } from '../../app/load'
import { useCan, useMe } from '../../app/who'
import { Icon } from '../../ui/icon'
import { List } from '../../ui/listing'
import { dateTime } from '../../ui/time'
import { SettingsPage } from '../settings/settings-page'
import { Invitations } from './invitations'
import { InviteDialog } from './invite-dialog'
import { MemberActions } from './member-actions'
import { RoleCell } from './role-cell'

/** Who is in the workspace, and who is invited. */
export default function PeoplePage() {
  const loaded = useLoad(members, 'members', 30_000)
  const invited = useLoad(invitations, 'invitations', 30_000)
  const [isInviting, setInviting] = useState(false)
  const mayChange = useCan('members.write')
  const me = useMe()
  const invite = (
    <button type="button" className="primary" onClick={() => setInviting(true)}>
      <Icon name="add" /> Invite
    </button>
  )
  return (
    <SettingsPage page="people" about="Everybody who may look into this workspace." actions={mayChange && invite}>
      <List<Member>
        label="Members"
        items={loaded.value?.items ?? null}
        error={loaded.error}
        onRetry={loaded.reload}
        keyOf={(member) => member.user_id}
        empty={<p>There is nobody.</p>}
        columns={[
          {
            head: 'Name',
            cell: (member) => (
              <>
                <strong className="name">{member.name || member.email}</strong>
                {member.user_id === me?.user?.id && <span className="faint"> (you)</span>}
              </>
            ),
          },
          { head: 'E-mail', cell: (member) => member.email },
          { head: 'Role', cell: (member) => <RoleCell member={member} onChanged={loaded.reload} /> },
          { head: 'Since', cell: (member) => dateTime(member.joined_at) },
          { head: '', isEnd: true, cell: (member) => <MemberActions member={member} onChanged={loaded.reload} /> },
        ]}
      />
      <Invitations invited={invited} />
      {isInviting && <InviteDialog onInvited={invited.reload} onClose={() => setInviting(false)} />}
    </SettingsPage>
  )
}
