import { useState } from 'react'

import { keys, members, revokeKey } from '../../api/access'
import type { Key, Member } from '../../api/access'
import { useLoad } from '../../app/load'
import { useCan } from '../../app/who'
import { Chip } from '../../ui/chip'
import type { Tone } from '../../ui/chip'
import { Confirm } from '../../ui/confirm'
import { Icon } from '../../ui/icon'
import { List } from '../../ui/listing'
import { Once } from '../../ui/once'
import { ago, dateTime } from '../../ui/time'
import { SettingsPage } from '../settings/settings-page'
import { stateOf } from './expiry'
import type { KeyState } from './expiry'
import { NewKeyDialog } from './new-key-dialog'

const TONES: Record<KeyState, Tone> = { active: 'good', expired: 'wait', revoked: 'quiet' }

/** Keys for programs: what each may do, how long, and when it was used last. */
export default function KeysPage() {
  const loaded = useLoad(keys, 'keys', 30_000)
  const [mayChange, maySeePeople] = [useCan('keys.write'), useCan('members.read')]
  const people = useLoad(async () => (maySeePeople ? (await members()).items : []), `people ${maySeePeople}`)
  const [isMaking, setMaking] = useState(false)
  const [made, setMade] = useState<string | null>(null)
  const [revoking, setRevoking] = useState<Key | null>(null)
  const make = (
    <button type="button" className="primary" onClick={() => setMaking(true)}>
      <Icon name="add" /> New key
    </button>
  )
  return (
    <SettingsPage
      page="keys"
      about="Programs sign in with a key. It opens this workspace only, and may do what its scopes say."
      actions={mayChange && make}
    >
      <List<Key>
        label="API keys"
        items={loaded.value?.items ?? null}
        error={loaded.error}
        onRetry={loaded.reload}
        keyOf={(key) => key.id}
        empty={<p>No program has a key yet.</p>}
        columns={[
          {
            head: 'Name',
            cell: (key) => (
              <>
                <strong className="name">{key.name}</strong> <code className="faint">{key.prefix}…</code>
              </>
            ),
          },
          { head: 'State', isFit: true, cell: (key) => <Chip tone={TONES[stateOf(key)]}>{stateOf(key)}</Chip> },
          { head: 'Scopes', cell: (key) => <Scopes scopes={key.scopes} /> },
          { head: 'Used', cell: (key) => (key.last_used_at ? ago(key.last_used_at) : 'never') },
          { head: 'Expires', cell: (key) => (key.expires_at ? dateTime(key.expires_at) : 'never') },
          { head: 'Made', cell: (key) => <Made made={key} people={people.value ?? []} /> },
          {
            head: '',
            isEnd: true,
            cell: (key) =>
              mayChange &&
              key.revoked_at === null && (
                <button type="button" className="quiet danger" onClick={() => setRevoking(key)}>
                  Revoke…
                </button>
              ),
          },
        ]}
      />
      {isMaking && <NewKeyDialog onMade={(key) => (setMade(key), loaded.reload())} onClose={() => setMaking(false)} />}
      {made !== null && (
        <Once title="The new key" secret={made} about="Give it to the program." onClose={() => setMade(null)} />
      )}
      {revoking && (
        <Confirm
          title={`Revoke ${revoking.name}?`}
          submit="Revoke"
          onConfirm={() => revokeKey(revoking.id).then(loaded.reload)}
          onClose={() => setRevoking(null)}
        >
          <p>Programs that use it are refused from then on. It cannot be taken back.</p>
        </Confirm>
      )}
    </SettingsPage>
  )
}

function Scopes({ scopes }: { scopes: string[] | null }) {
  if (scopes === null) return 'everything'
  return <span title={scopes.join('\n')}>{scopes.length === 1 ? scopes[0] : `${scopes.length} scopes`}</span>
}

function Made({ made, people }: { made: Key; people: readonly Member[] }) {
  const by = people.find((person) => person.user_id === made.created_by)
  return (
    <span title={dateTime(made.created_at)}>
      {ago(made.created_at)} <span className="faint">{by && `by ${by.name || by.email}`}</span>
    </span>
  )
}
