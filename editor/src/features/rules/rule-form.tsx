import { useMemo, useState } from 'react'

import { ApiError } from '../../api/client'
import type { Rule, RuleWish } from '../../api/rules'
import { useAttempt } from '../../app/attempt'
import { TextField } from '../../ui/field'
import { Form } from '../../ui/form'
import { Actions } from './actions'
import { Conditions } from './conditions'
import { EventField } from './event-field'
import { valuesOf, wishOf } from './form-values'
import type { Values } from './form-values'

const CODES = { name: [], event: [], conditions: [], actions: [], log_misses: [] }

interface Props {
  /** None for a new one. */
  rule: Rule | null
  isReadOnly: boolean
  onSave: (wish: RuleWish) => Promise<void>
}

/** A rule as a form. */
export function RuleForm({ rule, isReadOnly, onSave }: Props) {
  const [values, setValues] = useState(() => valuesOf(rule))
  const change = (part: Partial<Values>) => setValues((before) => ({ ...before, ...part }))
  const { error, isBusy, attempt } = useAttempt()
  const submit = () => void attempt(() => onSave(wish(values, rule?.enabled ?? true)))
  return (
    <fieldset className="plain" disabled={isReadOnly}>
      <Form
        error={error}
        codes={CODES}
        onSubmit={submit}
        footer={
          <button className="primary" disabled={isBusy}>
            {rule ? 'Save and publish' : 'Make the rule'}
          </button>
        }
      >
        <TextField
          label="Name"
          name="name"
          required
          maxLength={200}
          value={values.name}
          onText={(name) => change({ name })}
        />
        <EventField value={values.event} onText={(event) => change({ event })} />
        <Conditions values={values} onChange={change} />
        <Actions actions={values.actions} problems={useProblems(error)} onChange={(actions) => change({ actions })} />
      </Form>
    </fieldset>
  )
}

/** What is said of conditions that cannot be read is told where the server's words are. */
function wish(values: Values, enabled: boolean): RuleWish {
  try {
    return wishOf(values, enabled)
  } catch {
    const [detail, hint] = ['the conditions are no JSON', 'correct them, or empty the field']
    throw new ApiError(422, 'invalid_rule', detail, hint, [
      { code: 'invalid_rule', pointer: '/conditions', detail, hint },
    ])
  }
}

/** What is wrong with the fields of actions, by their pointers. */
function useProblems(error: ApiError | null): ReadonlyMap<string, string> {
  return useMemo(() => {
    const found = (error?.errors ?? []).filter(({ pointer }) => pointer?.startsWith('/actions/'))
    return new Map(found.map(({ pointer, detail }) => [pointer ?? '', detail]))
  }, [error])
}
