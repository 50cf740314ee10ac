import { rules } from '../../api/rules'
import type { Rule } from '../../api/rules'
import { useCatalogue } from '../../app/catalogue'
import { Link } from '../../app/link'
import { usePaged } from '../../app/paged'
import { navigate, to } from '../../app/router'
import { Chip } from '../../ui/chip'
import { Icon } from '../../ui/icon'
import { List, ListingPage } from '../../ui/listing'
import { ago } from '../../ui/time'
import { useMayWrite } from './rule-actions'
import { inWords, standingOf } from './words'

/** What is done when something happens. */
export default function RulesPage() {
  const paged = usePaged(rules, 'rules', 10_000)
  const catalogue = useCatalogue()
  const mayWrite = useMayWrite()
  return (
    <ListingPage
      title="Rules"
      about="When an event comes and conditions hold, a rule has something done. Each is a workflow that shows as a graph."
      actions={
        mayWrite && (
          <button type="button" className="primary" onClick={() => navigate(to.rule('new'))}>
            <Icon name="add" /> New rule
          </button>
        )
      }
    >
      <List<Rule>
        label="Rules"
        items={paged.items}
        error={paged.error}
        onRetry={paged.reload}
        more={paged.more}
        keyOf={(rule) => rule.id}
        empty={<p>There are no rules yet.</p>}
        columns={[
          { head: 'State', isFit: true, cell: (rule) => <Standing rule={rule} /> },
          {
            head: 'Rule',
            cell: (rule) => (
              <Link className="name" href={to.rule(rule.id)}>
                {rule.name}
              </Link>
            ),
          },
          {
            head: 'When',
            cell: (rule) => (
              <>
                <code>{rule.event}</code>
                {rule.conditions && <div className="faint">{inWords(rule.conditions)}</div>}
              </>
            ),
          },
          { head: 'Does', cell: (rule) => rule.actions.map(({ type }) => catalogue.titleOf(type)).join(', ') },
          { head: 'Changed', cell: (rule) => ago(rule.updated_at) },
        ]}
      />
    </ListingPage>
  )
}

export function Standing({ rule }: { rule: Rule }) {
  const [tone, word] = standingOf(rule)
  return <Chip tone={tone}>{word}</Chip>
}
