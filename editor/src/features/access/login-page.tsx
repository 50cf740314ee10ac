import { useState } from 'react'

import { whatIsOffered } from '../../api/access'
import { forgetKey } from '../../api/session'
import { KeySignIn } from '../../app/key-sign-in'
import { Link } from '../../app/link'
import { useLoad } from '../../app/load'
import { to } from '../../app/router'
import { LoginForm } from './login-form'
import { OpenFrame } from './open-page'
import { ProviderLinks } from './provider-links'

/** Where one is not signed in: with a password, or with an API key. The address stays what one came for. */
export default function LoginPage({ onDone }: { onDone: () => void }) {
  const offered = useLoad(whatIsOffered, 'offered')
  const [chosen, setWithKey] = useState<boolean | null>(null)
  // A server without people has keys only.
  const withKey = chosen ?? offered.error?.status === 404
  const done = () => {
    forgetKey()
    onDone()
  }
  return (
    <OpenFrame title="Capstan">
      {withKey ? <KeySignIn onDone={onDone} /> : <LoginForm onDone={done} />}
      {!withKey && <ProviderLinks />}
      <nav className="gate-ways" aria-label="Other ways">
        <button type="button" className="link" onClick={() => setWithKey(!withKey)}>
          {withKey ? 'Sign in with a password' : 'Sign in with an API key'}
        </button>
        {offered.value?.mail && <Link href={to.open('forgot')}>Forgot the password</Link>}
        {offered.value?.sign_up && <Link href={to.open('sign-up')}>Create an account</Link>}
      </nav>
    </OpenFrame>
  )
}
