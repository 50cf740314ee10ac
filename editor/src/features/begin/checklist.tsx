import { useState } from 'react'

import { members } from '../../api/access'
import { executions } from '../../api/calls'
import type { WorkflowSummary } from '../../api/types'
import { useLoad } from '../../app/load'
import { can, useMe } from '../../app/who'
import { Icon } from '../../ui/icon'
import { IconButton } from '../../ui/icon-button'
import { firstSteps } from './steps'

const CLOSED = 'capstan.checklist.closed'

/** What is left to be done in a new workspace, until it is done or one wants to see it no more. */
export default function Checklist({ workflows }: { workflows: readonly WorkflowSummary[] }) {
  const slug = useMe()?.workspace?.slug ?? ''
  const [isClosed, setClosed] = useState(() => localStorage.getItem(CLOSED) === slug)
  const facts = useLoad(read, `first steps ${slug} ${workflows.length}`, 10_000)
  if (isClosed || !facts.value) return null
  const steps = firstSteps({ ...facts.value, workflows }, can)
  if (steps.length === 0) return null
  const close = () => {
    localStorage.setItem(CLOSED, slug)
    setClosed(true)
  }
  return (
    <section className="section" aria-label="First steps">
      <header>
        <h2>First steps</h2>
        <IconButton icon="close" label="Show them no more" onClick={close} />
      </header>
      <ol className="first-steps">
        {steps.map(({ id, words, isDone }) => (
          <li key={id} data-tone={isDone ? 'good' : 'quiet'}>
            <Icon name={isDone ? 'check' : 'dash'} /> {words}
            {isDone && <span className="visually-hidden"> (done)</span>}
          </li>
        ))}
      </ol>
    </section>
  )
}

async function read() {
  const [some, people] = await Promise.all([
    executions(null),
    can('members.read') ? members() : Promise.resolve({ items: [] }),
  ])
  return { executions: some.items.length, people: people.items.length }
}
