import { putRule, removeRule } from '../../api/alerts'
import type { AlertRule } from '../../api/alerts'
import { ApiError } from '../../api/client'
import { useCan } from '../../app/who'
import { sentence } from '../../ui/failure'
import { Icon } from '../../ui/icon'
import { say } from '../../ui/toast'
import { switched } from './rule-values'
import { SHIPPED, failuresTold, ruleInWords } from './words'

interface Props {
  rules: readonly AlertRule[]
  onChanged: () => void
}

/** Whether failures are told of: they are from the beginning, unless somebody switched that off. */
export function Standing({ rules, onChanged }: Props) {
  const mayChange = useCan('workspace.write')
  const told = failuresTold(rules)
  const rule = rules.find(({ name }) => name === SHIPPED)
  if (told === 'own') return null
  if (told === 'shipped')
    return (
      <p className="notice good" data-testid="failures-told">
        <Icon name="check" /> Failure alerts are on by default: {rule && ruleInWords(rule)}.
        {rule?.mail && ' Owner and administrators are mailed.'}
      </p>
    )
  const on = () =>
    (rule?.kind === 'failure_rate' ? putRule(rule.name, switched(rule)) : removeRule(SHIPPED))
      .then(() => say('Failures are told of again.'))
      .catch((refused: unknown) => say(sentence(ApiError.of(refused).detail), 'wrong'))
      .finally(onChanged)
  return (
    <p className="notice" data-testid="failures-told">
      <Icon name="warn" /> Failure alerts are switched off: nobody is told when executions fail.{' '}
      {mayChange && (
        <button type="button" onClick={() => void on()}>
          Switch them on
        </button>
      )}
    </p>
  )
}
