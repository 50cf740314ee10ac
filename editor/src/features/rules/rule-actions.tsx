import { useState } from 'react'

import { ApiError } from '../../api/client'
import { changeRule, removeRule } from '../../api/rules'
import type { Rule, RuleWish } from '../../api/rules'
import { navigate, to } from '../../app/router'
import { useCan } from '../../app/who'
import { Confirm } from '../../ui/confirm'
import { sentence } from '../../ui/failure'
import { Icon } from '../../ui/icon'
import { IconButton } from '../../ui/icon-button'
import { say } from '../../ui/toast'

/** A rule is a draft and a version. */
export function useMayWrite(): boolean {
  const [mayWrite, mayPublish] = [useCan('workflows.write'), useCan('workflows.publish')]
  return mayWrite && mayPublish
}

/** The same rule, turned on or off. */
function turned({ name, event, conditions, actions, log_misses }: Rule, enabled: boolean): RuleWish {
  return { name, event, ...(conditions ? { conditions } : {}), actions, log_misses, enabled }
}

/** What can be done with a rule as a whole. */
export function RuleActions({ rule, onChanged }: { rule: Rule; onChanged: () => void }) {
  const [isAsked, setAsked] = useState(false)
  const turn = () =>
    changeRule(rule.id, rule.revision, turned(rule, !rule.enabled))
      .then(() => say(rule.enabled ? 'The rule is off: nothing starts by itself.' : 'The rule is at work from now on.'))
      .catch((refused: unknown) => say(sentence(ApiError.of(refused).detail), 'wrong'))
      .finally(onChanged)
  return (
    <>
      <button type="button" onClick={() => void turn()}>
        <Icon name={rule.enabled ? 'pause' : 'play'} /> {rule.enabled ? 'Disable' : 'Enable'}
      </button>
      <IconButton icon="trash" label="Delete the rule…" onClick={() => setAsked(true)} />
      {isAsked && (
        <Confirm
          title="Delete the rule?"
          submit="Delete"
          onConfirm={() => removeRule(rule.id).then(() => navigate(to.rules()))}
          onClose={() => setAsked(false)}
        >
          <p>
            Its workflow goes with it{rule.edited_by_hand && ', and what was changed there by hand'}. Executions that
            have begun go on.
          </p>
        </Confirm>
      )}
    </>
  )
}
