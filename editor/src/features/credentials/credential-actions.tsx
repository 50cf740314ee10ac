import { useState } from 'react'

import { removeCredential } from '../../api/credentials'
import type { Credential } from '../../api/credentials'
import { navigate, to } from '../../app/router'
import { useCan } from '../../app/who'
import { Confirm } from '../../ui/confirm'
import { Icon } from '../../ui/icon'
import { IconButton } from '../../ui/icon-button'
import { CredentialDialog } from './credential-dialog'
import { RenameDialog } from './rename-dialog'

interface Props {
  credential: Credential
  onChanged: () => void
}

/** What can be done with a credential. */
export function CredentialActions({ credential, onChanged }: Props) {
  const [asked, setAsked] = useState<'change' | 'rename' | 'remove' | null>(null)
  const mayChange = useCan('credentials.write')
  const close = () => setAsked(null)
  return (
    <>
      {mayChange && (
        <>
          <button type="button" onClick={() => setAsked('change')}>
            <Icon name="retry" /> Write anew…
          </button>
          <button type="button" onClick={() => setAsked('rename')}>
            Rename…
          </button>
          <IconButton icon="trash" label="Delete the credential…" onClick={() => setAsked('remove')} />
        </>
      )}
      {asked === 'change' && <CredentialDialog credential={credential} onDone={onChanged} onClose={close} />}
      {asked === 'rename' && <RenameDialog credential={credential} onDone={onChanged} onClose={close} />}
      {asked === 'remove' && (
        <Confirm
          title={`Delete ${credential.name}?`}
          submit="Delete"
          onConfirm={() => removeCredential(credential.id).then(() => navigate(to.credentials()))}
          onClose={close}
        >
          <p>Executions that come to a step which names it fail there. It cannot be taken back.</p>
        </Confirm>
      )}
    </>
  )
}
