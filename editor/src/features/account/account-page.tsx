import { SettingsPage } from '../settings/settings-page'
import { Mails } from './mails'
import { NameForm } from './name-form'
import { PasswordForm } from './password-form'
import { Sessions } from './sessions'

/** What is one's own, in all workspaces. */
export default function AccountPage() {
  return (
    <SettingsPage page="account" about="Your name, your password, what you get mails of, and where you are signed in.">
      <NameForm />
      <PasswordForm />
      <Mails />
      <Sessions />
    </SettingsPage>
  )
}
