import { SettingsPage } from '../settings/settings-page'
import { NameForm } from './name-form'
import { PasswordForm } from './password-form'
import { Sessions } from './sessions'

/** What is one's own, in all workspaces. */
export default function AccountPage() {
  return (
    <SettingsPage page="account" about="Your name, your password, and where you are signed in.">
      <NameForm />
      <PasswordForm />
      <Sessions />
    </SettingsPage>
  )
}
