import { signUp } from '../../api/access'
import { ByMail } from './by-mail'

export function SignUpPage() {
  return (
    <ByMail
      title="Create an account"
      about="A mail with a link comes to you; behind it you choose a password and name your workspace."
      submit="Send the link"
      ask={signUp}
    />
  )
}
