import { useState } from 'react'

import { putRule, removeRule } from '../../api/alerts'
import type { AlertRule } from '../../api/alerts'
import { ApiError } from '../../api/client'
import type { Names } from '../../app/names'
import { Confirm } from '../../ui/confirm'
import { sentence } from '../../ui/failure'
import { IconButton } from '../../ui/icon-button'
import { say } from '../../ui/toast'
import { RuleDialog } from './rule-dialog'
import { switched } from './rule-values'
import { SHIPPED } from './words'

interface Props {
  rule: AlertRule
  names: Names
  onChanged: () => void
}

/** What can be done with a rule. */
export function RuleActions({ rule, names, onChanged }: Props) {
  const [asked, setAsked] = useState<'change' | 'remove' | null>(null)
  const close = () => setAsked(null)
  const flip = () =>
    putRule(rule.name, switched(rule))
      .then(() => say(`The rule ${rule.name} is ${rule.enabled ? 'off' : 'on'}.`))
      .catch((refused: unknown) => say(sentence(ApiError.of(refused).detail), 'wrong'))
      .finally(onChanged)
  const isShipped = rule.updated_at === null
  const turn = rule.enabled ? 'Switch off' : 'Switch on'
  return (
    <>
      <button type="button" className="quiet" aria-label={`Change… ${rule.name}`} onClick={() => setAsked('change')}>
        Change…
      </button>
      <button type="button" className="quiet" aria-label={`${turn} ${rule.name}`} onClick={() => void flip()}>
        {turn}
      </button>
      {!isShipped && (
        <IconButton icon="trash" label={`Delete the rule ${rule.name}…`} onClick={() => setAsked('remove')} />
      )}
      {asked === 'change' && <RuleDialog rule={rule} taken={[]} names={names} onDone={onChanged} onClose={close} />}
      {asked === 'remove' && (
        <Confirm
          title={`Delete the rule ${rule.name}?`}
          submit="Delete"
          onConfirm={() => removeRule(rule.name).then(onChanged)}
          onClose={close}
        >
          <p>
            {rule.name === SHIPPED
              ? 'The rule that is on by default holds again.'
              : 'It raises no alert any more, and one that is open is cleared.'}
          </p>
        </Confirm>
      )}
    </>
  )
}
