import { useState } from 'react'

import { putRule } from '../../api/alerts'
import type { AlertKind, AlertRule } from '../../api/alerts'
import { useAttempt } from '../../app/attempt'
import type { Names } from '../../app/names'
import { ChoiceField, TextField } from '../../ui/field'
import { FormDialog } from '../../ui/form-dialog'
import { RuleNumbers } from './rule-numbers'
import { PARTS, valuesOf, wishOf } from './rule-values'
import type { Values } from './rule-values'
import { KINDS } from './words'

const CODES = {
  name: [],
  kind: [],
  workflow_id: ['not_found'],
  window_s: [],
  percent: [],
  ended_min: [],
  after_s: [],
  metric: [],
  above: [],
}
const NAME_CHARS_MAX = 50

interface Props {
  /** None for a new one. */
  rule: AlertRule | null
  /** Names that rules have already. */
  taken: readonly string[]
  names: Names
  onDone: () => void
  onClose: () => void
}

/** A rule as a form. */
export function RuleDialog({ rule, taken, names, onDone, onClose }: Props) {
  const [values, setValues] = useState(() => valuesOf(rule))
  const change = (part: Partial<Values>) => setValues((before) => ({ ...before, ...part }))
  const { error, isBusy, attempt } = useAttempt()
  const submit = () =>
    void attempt(async () => {
      await putRule(values.name.trim(), wishOf(values))
      onClose()
      onDone()
    })
  return (
    <FormDialog
      title={rule ? `Change the rule ${rule.name}` : 'New rule'}
      submit={rule ? 'Save' : 'Create'}
      isOff={isBusy || values.name.trim() === ''}
      error={error}
      codes={CODES}
      onSubmit={submit}
      onClose={onClose}
    >
      {!rule && (
        <TextField
          label="Name"
          name="name"
          required
          maxLength={NAME_CHARS_MAX}
          placeholder="orders-late"
          value={values.name}
          onText={(name) => change({ name })}
          help={
            taken.includes(values.name.trim())
              ? 'There is one of that name: it gives way.'
              : 'Small letters, digits, - and _.'
          }
        />
      )}
      <ChoiceField
        label="Raises an alert when"
        name="kind"
        value={values.kind}
        choices={Object.entries(KINDS)}
        onText={(kind) => change({ kind: kind as AlertKind })}
      />
      {PARTS[values.kind].includes('workflow') && <Workflow values={values} names={names} onChange={change} />}
      <RuleNumbers values={values} onChange={change} />
      <label className="check">
        <input type="checkbox" checked={values.mail} onChange={(event) => change({ mail: event.target.checked })} />
        Mail owner and administrators
      </label>
      <label className="check">
        <input
          type="checkbox"
          checked={values.enabled}
          onChange={(event) => change({ enabled: event.target.checked })}
        />
        Switched on
      </label>
      {rule && <p className="faint">An open alert of the rule as it was is cleared, and the rule judges anew.</p>}
    </FormDialog>
  )
}

interface PartProps {
  values: Values
  names: Names
  onChange: (part: Partial<Values>) => void
}

/** One, or all together where the kind allows that. */
function Workflow({ values, names, onChange }: PartProps) {
  const all = values.kind === 'silence' ? 'Choose one' : 'All workflows together'
  const isListed = values.workflow === '' || names.choices.some(([id]) => id === values.workflow)
  const other = isListed ? [] : [[values.workflow, names.nameOf(values.workflow)] as const]
  return (
    <ChoiceField
      label="Workflow"
      name="workflow_id"
      required={values.kind === 'silence'}
      value={values.workflow}
      choices={[['', all] as const, ...other, ...names.choices]}
      onText={(workflow) => onChange({ workflow })}
    />
  )
}
