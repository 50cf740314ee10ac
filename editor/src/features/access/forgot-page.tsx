import { forgotPassword } from '../../api/access'
import { ByMail } from './by-mail'

export function ForgotPage() {
  return (
    <ByMail
      title="Forgot the password"
      about="If there is an account with this address, a mail with a link comes to you; behind it you choose a new password."
      submit="Send the link"
      ask={forgotPassword}
    />
  )
}
