import { useState } from 'react'

import { handOver, leaveWorkspace, removeMember } from '../../api/access'
import type { Member } from '../../api/access'
import { to } from '../../app/router'
import { useCan, useMe } from '../../app/who'
import { Confirm } from '../../ui/confirm'

type Asked = 'remove' | 'leave' | 'hand over' | null

/** What can be done with a member: taken out, made the owner, or, oneself, leave. */
export function MemberActions({ member, onChanged }: { member: Member; onChanged: () => void }) {
  const [asked, setAsked] = useState<Asked>(null)
  const me = useMe()
  const [mayChange, isOwner] = [useCan('members.write'), useCan('workspace.own')]
  const isMe = me?.user?.id === member.user_id
  const close = () => setAsked(null)
  const name = member.name || member.email
  const slug = me?.workspace?.slug ?? ''
  if (member.role === 'owner') return null
  return (
    <>
      {isOwner && !isMe && me?.kind === 'user' && (
        <button type="button" className="quiet" onClick={() => setAsked('hand over')}>
          Hand over…
        </button>
      )}
      {(isMe || mayChange) && (
        <button type="button" className="quiet danger" onClick={() => setAsked(isMe ? 'leave' : 'remove')}>
          {isMe ? 'Leave…' : 'Remove…'}
        </button>
      )}
      {asked === 'remove' && (
        <Confirm
          title={`Remove ${name}?`}
          submit="Remove"
          onConfirm={() => removeMember(member.user_id).then(onChanged)}
          onClose={close}
        >
          <p>{name} cannot look into this workspace any more. What was made stays.</p>
        </Confirm>
      )}
      {asked === 'leave' && (
        <Confirm
          title={`Leave ${slug}?`}
          submit="Leave"
          onConfirm={() => leaveWorkspace().then(() => location.assign(to.workspaces()))}
          onClose={close}
        >
          <p>You cannot look into this workspace any more, until somebody invites you again.</p>
        </Confirm>
      )}
      {asked === 'hand over' && (
        <Confirm
          title={`Hand over ${slug} to ${name}?`}
          submit="Hand over"
          onConfirm={() => handOver(member.user_id).then(() => location.reload())}
          onClose={close}
        >
          <p>
            {name} is its owner then, and you are an admin. Only {name} can give it back.
          </p>
        </Confirm>
      )}
    </>
  )
}
