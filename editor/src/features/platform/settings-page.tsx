import { platformChanges, settings } from '../../api/platform'
import type { PlatformChange } from '../../api/platform'
import { useLoad } from '../../app/load'
import { usePaged } from '../../app/paged'
import { Failure } from '../../ui/failure'
import { List, ListingPage } from '../../ui/listing'
import { dateTime } from '../../ui/time'
import { SettingForm } from './setting-form'

/** What holds for all workspaces, and what was changed of it. */
export function PlatformSettingsPage() {
  const loaded = useLoad(settings, 'platform settings')
  const paged = usePaged(platformChanges, 'platform changes')
  const saved = () => {
    loaded.reload()
    paged.reload()
  }
  return (
    <ListingPage title="Settings" about="They hold for all workspaces, within seconds and without a restart.">
      {loaded.error && <Failure error={loaded.error} onRetry={loaded.reload} />}
      <div className="settings-grid">
        {loaded.value?.items.map((setting) => (
          <SettingForm key={`${setting.name} ${setting.changed_at}`} setting={setting} onSaved={saved} />
        ))}
      </div>
      <h2>What was changed</h2>
      <List<PlatformChange>
        label="What was changed"
        items={paged.items}
        error={paged.error}
        onRetry={paged.reload}
        more={paged.more}
        keyOf={(change) => change.id}
        empty={<p>Nothing yet.</p>}
        columns={[
          { head: 'When', isFit: true, cell: (change) => dateTime(change.at) },
          { head: 'By', cell: (change) => change.by },
          { head: 'What', cell: (change) => change.subject },
          { head: 'Before and after', cell: (change) => change.changes.map(worded).join(', ') },
        ]}
      />
    </ListingPage>
  )
}

function worded({ path, before, after }: PlatformChange['changes'][number]): string {
  const shown = (value: unknown) =>
    value === null ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value)
  return `${path.slice(1)}: ${shown(before)} → ${shown(after)}`
}
