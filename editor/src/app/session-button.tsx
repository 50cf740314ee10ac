import { useState } from 'react'

import { logOut } from '../api/access'
import { forgetKey } from '../api/session'
import type { Me } from '../api/types'
import { Dialog } from '../ui/dialog'
import { Failure } from '../ui/failure'
import { Icon } from '../ui/icon'
import { useAttempt } from './attempt'
import { Link } from './link'
import { to } from './router'
import { KeySignIn } from './key-sign-in'

/** Who one is and in which workspace; leads to the others, and out. */
export function SessionButton({ me }: { me: Me }) {
  const [isOpen, setOpen] = useState(false)
  const slug = me.workspace?.slug ?? ''
  const close = () => setOpen(false)
  const title =
    me.kind === 'machine' ? `Workspace ${slug}, for reading only: sign in` : `Workspace ${slug}: ${nameOf(me)}`
  return (
    <>
      <button type="button" className="rail-item" title={title} onClick={() => setOpen(true)}>
        <Icon name={me.kind === 'machine' ? 'sign' : 'person'} />
        <span>{me.kind === 'machine' ? 'Sign in' : slug}</span>
      </button>
      {isOpen && me.kind === 'machine' && (
        <Dialog title="Sign in to change things" onClose={close}>
          <KeySignIn onDone={() => location.reload()} />
        </Dialog>
      )}
      {isOpen && me.kind !== 'machine' && <SessionDialog me={me} onClose={close} />}
    </>
  )
}

function SessionDialog({ me, onClose }: { me: Me; onClose: () => void }) {
  const { error, attempt } = useAttempt()
  const signOut = () =>
    attempt(async () => {
      if (me.kind === 'key') forgetKey()
      else await logOut()
      location.assign(to.open('login'))
    })
  return (
    <Dialog title={nameOf(me)} onClose={onClose}>
      {me.user && <p className="faint">{me.user.email}</p>}
      {me.kind === 'key' && <p className="faint">An API key of the workspace {me.workspace?.slug}.</p>}
      {me.kind === 'user' && (
        <ul className="workspaces">
          {me.workspaces.map(({ id, slug, name, role }) => (
            <li key={id}>
              <a href={to.workspace(slug)} aria-current={slug === me.workspace?.slug ? 'true' : undefined}>
                {name ?? slug}
              </a>
              <span className="faint">{role}</span>
            </li>
          ))}
        </ul>
      )}
      {error && <Failure error={error} />}
      <footer>
        {me.kind === 'user' && (
          <Link className="button" href={to.settings('account')} onClickCapture={onClose}>
            Your account
          </Link>
        )}
        <button type="button" onClick={() => void signOut()}>
          Sign out
        </button>
      </footer>
    </Dialog>
  )
}

function nameOf(me: Me): string {
  return me.user?.name || me.user?.email || me.key?.name || 'API key'
}
