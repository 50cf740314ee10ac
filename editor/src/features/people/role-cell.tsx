import { changeRole } from '../../api/access'
import type { Member } from '../../api/access'
import { ApiError } from '../../api/client'
import type { Role } from '../../api/types'
import { useCan, useMe } from '../../app/who'
import { sentence } from '../../ui/failure'
import { say } from '../../ui/toast'
import { ROLES, roleName } from './roles'

/** A role, and where one may, the choice of another. */
export function RoleCell({ member, onChanged }: { member: Member; onChanged: () => void }) {
  const mayChange = useCan('members.write')
  const isMe = useMe()?.user?.id === member.user_id
  if (!mayChange || isMe || member.role === 'owner') return roleName(member.role)
  const change = (role: Role) =>
    changeRole(member.user_id, role)
      .then(() => say(`${member.name || member.email} is ${role} now.`))
      .catch((refused: unknown) => say(sentence(ApiError.of(refused).detail), 'wrong'))
      .finally(onChanged)
  return (
    <select
      aria-label={`Role of ${member.email}`}
      value={member.role}
      onChange={(event) => void change(event.target.value as Role)}
    >
      {ROLES.map(([role, about]) => (
        <option key={role} value={role} title={about}>
          {roleName(role)}
        </option>
      ))}
    </select>
  )
}
