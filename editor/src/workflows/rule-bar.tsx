import type { Workflow } from '../api/types'
import { Link } from '../app/link'
import { to } from '../app/router'
import { Icon } from '../ui/icon'

/** Says that a workflow is made by a rule, and what becomes of that when it is changed here. */
export function RuleBar({ rule }: { rule: NonNullable<Workflow['rule']> }) {
  return (
    <section className="basis" aria-label="Its rule" data-testid="rule">
      <Icon name="bolt" />
      <p>
        Made by the rule <Link href={to.rule(rule.id)}>{rule.name}</Link>
        {rule.edited_by_hand
          ? ', and changed by hand: it is not made of the rule any more.'
          : '. Who changes the graph here has it by hand: it is not made of the rule any more then.'}
        {!rule.enabled && ' The rule is disabled, so nothing starts by itself.'}
      </p>
    </section>
  )
}
