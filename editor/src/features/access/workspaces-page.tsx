import { logOut } from '../../api/access'
import { to } from '../../app/router'
import { useMe } from '../../app/who'
import { OpenFrame } from './open-page'

/** The workspaces of a person, one of which is entered. */
export default function WorkspacesPage() {
  const me = useMe()
  const leave = () => void logOut().then(() => location.assign(to.open('login')))
  return (
    <OpenFrame title="Workspaces">
      {me?.workspaces.length === 0 && <p>You are in no workspace. Ask somebody to invite {me.user?.email}.</p>}
      <ul className="workspaces">
        {me?.workspaces.map(({ id, slug, name, role }) => (
          <li key={id}>
            <a href={to.workspace(slug)} aria-current={slug === me.workspace?.slug ? 'true' : undefined}>
              {name ?? slug}
            </a>
            <span className="faint">{role}</span>
          </li>
        ))}
      </ul>
      {me?.kind === 'user' && (
        <button type="button" onClick={leave}>
          Sign out
        </button>
      )}
    </OpenFrame>
  )
}
