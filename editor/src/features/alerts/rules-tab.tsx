import { useState } from 'react'

import type { AlertRule } from '../../api/alerts'
import type { Loaded } from '../../app/load'
import type { Names } from '../../app/names'
import { useCan } from '../../app/who'
import { Chip } from '../../ui/chip'
import { Icon } from '../../ui/icon'
import { List } from '../../ui/listing'
import { ago } from '../../ui/time'
import { Mailed } from './mailed'
import { RuleActions } from './rule-actions'
import { RuleDialog } from './rule-dialog'
import { KINDS, ruleInWords } from './words'

interface Props {
  rules: Loaded<{ items: AlertRule[] }>
  names: Names
}

/** What raises alerts, and whom they are told. */
export function RulesTab({ rules, names }: Props) {
  const mayChange = useCan('workspace.write')
  const [isMaking, setMaking] = useState(false)
  const items = rules.value?.items ?? null
  return (
    <>
      <header className="page-head">
        <Mailed />
        <span className="spacer" />
        {mayChange && (
          <button type="button" className="primary" onClick={() => setMaking(true)}>
            <Icon name="add" /> New rule
          </button>
        )}
      </header>
      <List<AlertRule>
        label="Rules"
        items={items}
        error={rules.error}
        onRetry={rules.reload}
        keyOf={(rule) => rule.name}
        empty={<p>There is no rule.</p>}
        columns={[
          {
            head: 'State',
            isFit: true,
            cell: ({ enabled }) => <Chip tone={enabled ? 'good' : 'quiet'}>{enabled ? 'on' : 'off'}</Chip>,
          },
          { head: 'Rule', cell: (rule) => <Named rule={rule} /> },
          { head: 'Raises an alert when', cell: ruleInWords },
          { head: 'Of', cell: ({ workflow_id }) => (workflow_id ? names.nameOf(workflow_id) : 'all workflows') },
          { head: 'Mail', cell: ({ mail }) => (mail ? 'yes' : 'no') },
          {
            head: '',
            isEnd: true,
            cell: (rule) => mayChange && <RuleActions rule={rule} names={names} onChanged={rules.reload} />,
          },
        ]}
      />
      {isMaking && (
        <RuleDialog
          rule={null}
          taken={(items ?? []).map(({ name }) => name)}
          names={names}
          onDone={rules.reload}
          onClose={() => setMaking(false)}
        />
      )}
    </>
  )
}

function Named({ rule }: { rule: AlertRule }) {
  const { updated_at, updated_by } = rule
  return (
    <>
      <strong>{rule.name}</strong> <span className="faint">{KINDS[rule.kind]}</span>
      <div className="faint">
        {updated_at === null ? 'on by default' : `written ${ago(updated_at)}${updated_by ? ` by ${updated_by}` : ''}`}
      </div>
    </>
  )
}
