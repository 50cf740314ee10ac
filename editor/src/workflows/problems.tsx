import { useState } from 'react'

import type { Finding, Problem } from '../api/types'
import { useStore } from '../app/store'
import { goToPlace } from '../inspector/go-to-field'
import { sentence } from '../ui/failure'
import { Icon } from '../ui/icon'
import type { Editing } from './editing'

type Entry = (Problem | Finding) & { severity?: Finding['severity'] }

/** What is wrong, and what was found out; a click goes there. */
export function Problems({ editing, findings }: { editing: Editing; findings: readonly Finding[] }) {
  const problems = useStore(editing.draft, (state) => state.problems)
  const [isOpen, setOpen] = useState(false)
  const entries: Entry[] = [...problems, ...(problems.length === 0 ? findings : [])]
  return (
    <section className="problems" aria-label="Problems" data-testid="problems">
      <button type="button" className="quiet problems-head" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <Icon name={problems.length > 0 ? 'warn' : 'check'} />
        {summary(problems, findings)}
        <Icon name="down" />
      </button>
      {isOpen && entries.length > 0 && (
        <ul>
          {entries.map((entry, at) => (
            <ProblemRow key={at} editing={editing} entry={entry} />
          ))}
        </ul>
      )}
    </section>
  )
}

export function ProblemRow({ editing, entry }: { editing: Editing; entry: Entry }) {
  return (
    <li>
      <button
        type="button"
        className="quiet problem"
        data-severity={entry.severity ?? 'error'}
        onClick={() => goToPlace(editing, entry)}
      >
        <Icon name={entry.severity === 'note' ? 'help' : 'warn'} />
        <span>
          {sentence(entry.detail)} <span className="faint">{sentence(entry.hint)}</span>
        </span>
        {entry.node_id && <code>{entry.node_id}</code>}
      </button>
    </li>
  )
}

function summary(problems: readonly Problem[], findings: readonly Finding[]): string {
  const count = (number: number, word: string) => (number === 0 ? [] : [`${number} ${word}${number === 1 ? '' : 's'}`])
  if (problems.length > 0) return count(problems.length, 'problem').join('')
  const of = (severity: Finding['severity']) => findings.filter((finding) => finding.severity === severity).length
  const parts = [...count(of('error'), 'error'), ...count(of('warning'), 'warning'), ...count(of('note'), 'note')]
  return parts.length === 0 ? 'No problems' : `No problems, ${parts.join(', ')}`
}
