import { useState } from 'react'

import { actionType } from '../../api/rules'
import type { ActionType } from '../../api/rules'
import { useCatalogue } from '../../app/catalogue'
import { firstConfig } from '../../inspector/schema'
import { SchemaForm } from '../../inspector/schema-form'
import '../../styles/inspector.css'
import { ChoiceField } from '../../ui/field'
import { useProblem } from '../../ui/form'
import { Icon } from '../../ui/icon'
import { IconButton } from '../../ui/icon-button'
import { nextKey } from './form-values'
import type { ActionValues } from './form-values'

interface Props {
  actions: readonly ActionValues[]
  /** What is wrong with their fields, by pointers into the rule. */
  problems: ReadonlyMap<string, string>
  onChange: (actions: ActionValues[]) => void
}

/** What is done, one after the other. */
export function Actions({ actions, problems, onChange }: Props) {
  const problem = useProblem('actions')
  return (
    <section className="section" aria-label="Actions">
      <h2>Then</h2>
      <p className="faint">
        One after the other. <code>{'{{ input.data.… }}'}</code> names what the event holds.
      </p>
      {actions.map((action, at) => (
        <Action
          key={action.key}
          action={action}
          at={at}
          problems={problems}
          onChange={(config) => onChange(actions.map((other) => (other === action ? { ...action, config } : other)))}
          onRemove={() => onChange(actions.filter((other) => other !== action))}
          onUp={() => onChange(risen(actions, at))}
        />
      ))}
      {problem && (
        <p className="form-problem" role="alert">
          {problem}
        </p>
      )}
      <NewAction onAdd={(action) => onChange([...actions, action])} />
    </section>
  )
}

/** The same, with the one at that place before the one that is before it. */
function risen(actions: readonly ActionValues[], at: number): ActionValues[] {
  const moved = actions[at]
  if (!moved || at === 0) return [...actions]
  const others = actions.filter((other) => other !== moved)
  return [...others.slice(0, at - 1), moved, ...others.slice(at - 1)]
}

interface ActionProps {
  action: ActionValues
  at: number
  problems: ReadonlyMap<string, string>
  onChange: (config: ActionValues['config']) => void
  onRemove: () => void
  onUp: () => void
}

function Action({ action, at, problems, onChange, onRemove, onUp }: ActionProps) {
  const catalogue = useCatalogue()
  const schema = catalogue.get(action.type)?.schema ?? {}
  const pointer = `/actions/${at}`
  const whole = problems.get(pointer) ?? problems.get(`${pointer}/config`)
  const title = `${at + 1}. ${catalogue.titleOf(action.type)}`
  return (
    <section className="section" aria-label={title}>
      <header>
        <h3>{title}</h3>
        <IconButton icon="up" label="Do it earlier" isOff={at === 0} onClick={onUp} />
        <IconButton icon="trash" label={`Remove action ${at + 1}`} onClick={onRemove} />
      </header>
      {whole && <p className="form-problem">{whole}</p>}
      <SchemaForm
        schema={schema}
        root={schema}
        value={action.config}
        problems={problems}
        pointer={`${pointer}/config`}
        onChange={onChange}
      />
    </section>
  )
}

function NewAction({ onAdd }: { onAdd: (action: ActionValues) => void }) {
  const catalogue = useCatalogue()
  const [type, setType] = useState<ActionType>(actionType.words[0] ?? 'action.send_email')
  const add = () => onAdd({ key: nextKey(), type, config: firstConfig(catalogue.get(type)?.schema ?? {}) })
  return (
    <div className="comparison">
      <ChoiceField
        label="What to do"
        choices={actionType.words.map((word) => [word, catalogue.titleOf(word)] as const)}
        value={type}
        onText={(text) => setType(text as ActionType)}
      />
      <button type="button" onClick={add}>
        <Icon name="add" /> Action
      </button>
    </div>
  )
}
