import { useState } from 'react'

import { workflows } from '../api/calls'
import type { Me } from '../api/types'
import { Icon } from '../ui/icon'
import { Picker } from '../ui/picker'
import { matchingCommands, pageCommands } from './commands'
import type { Command } from './commands'
import { useLoad } from './load'
import { placesFor } from './places'
import { navigate, to } from './router'
import { may, useMe } from './who'

const EXECUTION_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Goes to any page, workflow, step or execution, and does what can be done, by typing. */
export default function CommandPalette({ onClose }: { onClose: () => void }) {
  const me = useMe()
  const [here] = useState(() => pageCommands.get().of?.() ?? [])
  const known = useLoad(() => workflows(), 'workflows to go to')
  const found = (known.value?.items ?? []).map(({ id, name }): Command =>
    goes(`workflow ${id}`, name, 'Workflow', 'branch', to.workflow(id)),
  )
  const all = [...here, ...(me ? everywhere(me) : []), ...found]
  return (
    <Picker
      title="Go to, or do"
      placeholder="A page, a workflow, a step, or what to do"
      find={(wanted) => [...execution(wanted.trim()), ...matchingCommands(all, wanted)]}
      keyOf={({ key }) => key}
      show={({ label, about, icon }) => (
        <>
          <Icon name={icon} />
          <span>{label}</span>
          <span className="faint">{about}</span>
        </>
      )}
      onPick={(command) => {
        onClose()
        command.run()
      }}
      onClose={onClose}
    />
  )
}

function goes(key: string, label: string, about: string, icon: Command['icon'], address: string): Command {
  return { key, label, about, icon, run: () => navigate(address) }
}

/** What is there whichever page is looked at. */
function everywhere(me: Me): Command[] {
  const places = placesFor(me).map(({ label, icon, href }) => goes(`page ${label}`, label, 'Page', icon, href()))
  const settings = [
    ...(may(me, 'keys.read') ? [goes('page keys', 'API keys', 'Settings', 'key', to.settings('keys'))] : []),
    ...(may(me, 'audit.read') ? [goes('page audit', 'Audit log', 'Settings', 'list', to.settings('audit'))] : []),
    ...(me.kind === 'user' ? [goes('page account', 'Your account', 'Settings', 'person', to.settings('account'))] : []),
  ]
  const others = me.workspaces.filter(({ slug }) => slug !== me.workspace?.slug)
  const workspaces = others.map(({ id, slug, name }): Command => {
    // Another workspace begins anew, as by its link.
    const run = () => location.assign(to.workspace(slug))
    return { key: `workspace ${id}`, label: name ?? slug, about: 'Workspace', icon: 'home', run }
  })
  const make = goes('new workflow', 'New workflow', 'Make', 'add', to.newWorkflow())
  return [...(may(me, 'workflows.write') ? [make] : []), ...places, ...settings, ...workspaces]
}

/** One whose id was pasted. */
function execution(id: string): Command[] {
  if (!EXECUTION_ID.test(id)) return []
  return [goes(`execution ${id}`, id, 'Execution', 'list', to.execution(id.toLowerCase()))]
}
