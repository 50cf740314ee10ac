import { audit } from '../../api/access'
import type { AuditEntry } from '../../api/access'
import { usePaged } from '../../app/paged'
import { setQuery, useQuery } from '../../app/router'
import { Icon } from '../../ui/icon'
import { List } from '../../ui/listing'
import { dateTime } from '../../ui/time'
import { SettingsPage } from '../settings/settings-page'
import { Difference } from './difference'
import { matches, nameOf } from './matching'

/** Who changed what, newest first. */
export default function AuditPage() {
  const paged = usePaged(audit, 'audit', 10_000)
  const wanted = useQuery('q')
  const shown = paged.items?.filter((entry) => matches(entry, wanted)) ?? null
  const find = (
    <label className="search">
      <Icon name="find" />
      <span className="visually-hidden">Find among those that are loaded</span>
      <input
        type="search"
        placeholder="Person, path, value"
        defaultValue={wanted}
        onChange={(event) => setQuery('q', event.target.value)}
      />
    </label>
  )
  return (
    <SettingsPage
      page="audit"
      about="Every change of this workspace: who, when, from where, what came of it, and how it differs then."
      actions={find}
    >
      <List<AuditEntry>
        label="Audit log"
        items={shown}
        error={paged.error}
        onRetry={paged.reload}
        more={paged.more}
        keyOf={(entry) => entry.id}
        empty={<p>{wanted === '' ? 'Nothing was changed yet.' : 'None of those that are loaded has that in it.'}</p>}
        columns={[
          { head: 'When', isFit: true, cell: (entry) => <time dateTime={entry.at}>{dateTime(entry.at)}</time> },
          {
            head: 'Who',
            cell: (entry) => (
              <>
                {nameOf(entry)} <span className="faint">{entry.by.kind}</span>
              </>
            ),
          },
          {
            head: 'What',
            cell: (entry) => (
              <>
                <strong className="name">{entry.action}</strong>
                <br />
                <code className="faint">{entry.subject}</code>
                <Difference changes={entry.changes} />
              </>
            ),
          },
          {
            head: 'Came to',
            cell: (entry) => <span className={entry.status < 400 ? '' : 'bad'}>{entry.status}</span>,
          },
          { head: 'From', cell: (entry) => entry.address ?? '' },
          { head: 'Request', cell: (entry) => <code className="faint">{entry.request_id?.slice(0, 13) ?? ''}</code> },
        ]}
      />
    </SettingsPage>
  )
}
