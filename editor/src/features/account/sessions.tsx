import { endOtherSessions, endSession, sessions } from '../../api/access'
import type { Session } from '../../api/access'
import { ApiError } from '../../api/client'
import { useLoad } from '../../app/load'
import { Chip } from '../../ui/chip'
import { sentence } from '../../ui/failure'
import { List } from '../../ui/listing'
import { ago, dateTime } from '../../ui/time'
import { say } from '../../ui/toast'
import { browserOf } from './browser'

/** Where one is signed in, and the way to end that. */
export function Sessions() {
  const loaded = useLoad(sessions, 'sessions', 30_000)
  const end = (work: Promise<unknown>) =>
    work.catch((refused: unknown) => say(sentence(ApiError.of(refused).detail), 'wrong')).finally(loaded.reload)
  const items = loaded.value?.items ?? null
  return (
    <>
      <header className="page-head">
        <h2>Where you are signed in</h2>
        {items && items.length > 1 && (
          <button type="button" onClick={() => void end(endOtherSessions())}>
            End all others
          </button>
        )}
      </header>
      <List<Session>
        label="Sessions"
        items={items}
        error={loaded.error}
        onRetry={loaded.reload}
        keyOf={(session) => session.id}
        empty={<p>You are signed in nowhere.</p>}
        columns={[
          {
            head: 'Browser',
            cell: (session) => (
              <>
                <span title={session.user_agent ?? ''}>{browserOf(session.user_agent)}</span>{' '}
                {session.current && <Chip tone="good">this one</Chip>}
              </>
            ),
          },
          { head: 'From', cell: (session) => session.address ?? '' },
          { head: 'Seen', cell: (session) => ago(session.last_seen_at) },
          { head: 'Ends', cell: (session) => dateTime(session.expires_at) },
          {
            head: '',
            isEnd: true,
            cell: (session) =>
              !session.current && (
                <button type="button" className="quiet danger" onClick={() => void end(endSession(session.id))}>
                  End
                </button>
              ),
          },
        ]}
      />
    </>
  )
}
