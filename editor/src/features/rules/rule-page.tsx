import type { ReactNode } from 'react'

import { changeRule, makeRule, ruleOf } from '../../api/rules'
import type { Rule, RuleWish } from '../../api/rules'
import { Link } from '../../app/link'
import { useLoad } from '../../app/load'
import { navigate, to } from '../../app/router'
import { useTitle } from '../../app/title'
import { Failure } from '../../ui/failure'
import { Icon } from '../../ui/icon'
import { say } from '../../ui/toast'
import { RuleActions, useMayWrite } from './rule-actions'
import { RuleForm } from './rule-form'
import { Standing } from './rules-page'

/** One rule as a form, or a new one. */
export default function RulePage({ id }: { id: string }) {
  return id === 'new' ? <NewRule /> : <OneRule id={id} />
}

function NewRule() {
  useTitle('New rule')
  const save = async (wish: RuleWish) => {
    const made = await makeRule(wish)
    say('The rule is made, and at work.')
    navigate(to.rule(made.id))
  }
  return (
    <main className="listing">
      <Head title="New rule" />
      <RuleForm rule={null} isReadOnly={!useMayWrite()} onSave={save} />
    </main>
  )
}

function OneRule({ id }: { id: string }) {
  const loaded = useLoad(() => ruleOf(id), `rule ${id}`)
  const mayWrite = useMayWrite()
  const rule = loaded.value
  useTitle(rule?.name ?? 'Rule')
  if (!rule) return loaded.error && <Failure error={loaded.error} onRetry={loaded.reload} />
  const save = async (wish: RuleWish) => {
    await changeRule(id, rule.revision, wish)
    say('The rule is saved, and its workflow published.')
    loaded.reload()
  }
  return (
    <main className="listing">
      <Head title={rule.name}>
        <Standing rule={rule} />
        <Link className="button" href={to.workflow(rule.workflow_id)}>
          <Icon name="branch" /> Its workflow
        </Link>
        {mayWrite && <RuleActions rule={rule} onChanged={loaded.reload} />}
      </Head>
      {loaded.error && <Failure error={loaded.error} onRetry={loaded.reload} />}
      {rule.edited_by_hand && <ByHand rule={rule} />}
      <RuleForm key={rule.revision} rule={rule} isReadOnly={!mayWrite || rule.edited_by_hand} onSave={save} />
    </main>
  )
}

function Head({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <header className="page-head">
      <Link className="back" href={to.rules()} aria-label="All rules">
        <Icon name="back" />
      </Link>
      <h1>{title}</h1>
      {children}
    </header>
  )
}

function ByHand({ rule }: { rule: Rule }) {
  return (
    <p className="notice">
      <Link href={to.workflow(rule.workflow_id)}>Its workflow</Link> was changed by hand, and is not made of this rule
      any more. What is below is what it was made of; to have a rule again, delete this one and make a new one.
    </p>
  )
}
