import { navigate, to, useQuery } from '../../app/router'
import type { OpenPage } from '../../app/router'
import { ForgotPage } from './forgot-page'
import { InvitationPage } from './invitation-page'
import LoginPage from './login-page'
import { ResetPage } from './reset-page'
import { SignUpPage } from './sign-up-page'
import { VerifyPage } from './verify-page'

/** Pages for people who are not signed in; links in mails lead to those with a token. */
export default function OpenPages({ page }: { page: OpenPage }) {
  const token = useQuery('token')
  switch (page) {
    case 'login':
      return <LoginPage onDone={() => navigate(to.overview())} />
    case 'sign-up':
      return <SignUpPage />
    case 'forgot':
      return <ForgotPage />
    case 'verify':
      return <VerifyPage key={token} token={token} />
    case 'reset':
      return <ResetPage key={token} token={token} />
    case 'invitation':
      return <InvitationPage key={token} token={token} />
  }
}
