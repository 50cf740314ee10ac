import { useState } from 'react'

import { changeWorkspaceSettings, workspaceSettingsOf } from '../../api/news'
import type { WorkspaceSettings } from '../../api/news'
import { useAttempt } from '../../app/attempt'
import { useLoad } from '../../app/load'
import { useCan } from '../../app/who'
import { keepZone } from '../../app/zone'
import { Failure } from '../../ui/failure'
import { TextField } from '../../ui/field'
import { Form } from '../../ui/form'
import { say } from '../../ui/toast'
import { SettingsPage } from './settings-page'

const CODES = { zone: ['bad_zone'] }
const NAMES: Record<string, string> = {
  'alert.raised': 'Alerts that are raised',
  'webhook.endpoint_disabled': 'Webhook endpoints that are disabled',
  'quota.soft': 'Quotas that reach their limit',
  'quota.exceeded': 'Quotas that are used up',
  'workflow.notice': 'What workflows tell',
}

/** What holds for the workspace. */
export default function WorkspacePage() {
  const loaded = useLoad(workspaceSettingsOf, 'workspace settings')
  return (
    <SettingsPage page="workspace" about="What holds for the workspace, whoever works in it.">
      {loaded.error && <Failure error={loaded.error} onRetry={loaded.reload} />}
      {loaded.value && <Settings settings={loaded.value} onSaved={loaded.reload} />}
    </SettingsPage>
  )
}

function Settings({ settings, onSaved }: { settings: WorkspaceSettings; onSaved: () => void }) {
  const mayChange = useCan('workspace.write')
  const [zone, setZone] = useState(settings.time_zone)
  const [told, setTold] = useState(settings.notifications)
  const { error, isBusy, attempt } = useAttempt()
  const submit = () =>
    void attempt(async () => {
      const saved = await changeWorkspaceSettings({ time_zone: zone.trim(), notifications: told })
      keepZone(saved.time_zone)
      onSaved()
      say('The settings are saved.')
    })
  const footer = mayChange && (
    <button className="primary" disabled={isBusy}>
      Save
    </button>
  )
  return (
    <section className="section narrow" aria-label="Settings of the workspace">
      <Form error={error} codes={CODES} onSubmit={submit} footer={footer}>
        <TextField
          label="Time zone"
          name="zone"
          required
          readOnly={!mayChange}
          value={zone}
          onText={setZone}
          help="An IANA name such as Europe/Berlin. New schedules are written with it."
        />
        <fieldset className="plain">
          <legend>What people are told</legend>
          {Object.entries(told).map(([kind, isTold]) => (
            <label key={kind} className="check">
              <input
                type="checkbox"
                name={kind}
                checked={isTold}
                disabled={!mayChange}
                onChange={(event) => setTold({ ...told, [kind]: event.target.checked })}
              />
              {NAMES[kind] ?? kind}
            </label>
          ))}
        </fieldset>
      </Form>
    </section>
  )
}
