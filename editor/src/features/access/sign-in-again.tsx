import { useMe } from '../../app/who'
import { Dialog } from '../../ui/dialog'
import { LoginForm } from './login-form'

/** On top of what one was doing when the session ended: nothing of it is lost. */
export default function SignInAgain({ onDone }: { onDone: () => void }) {
  const me = useMe()
  return (
    <Dialog title="Sign in again" onClose={onDone}>
      <p className="faint">Your session has ended. What you were doing stays as it is.</p>
      <LoginForm email={me?.user?.email ?? ''} onDone={onDone} />
    </Dialog>
  )
}
