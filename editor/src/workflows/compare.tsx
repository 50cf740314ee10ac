import { useState } from 'react'

import { version } from '../api/calls'
import type { VersionSummary } from '../api/types'
import { useLoad } from '../app/load'
import { read } from '../document/codec'
import { diff } from '../document/diff'
import { Failure } from '../ui/failure'
import { Differences } from './differences'
import type { Editing } from './editing'

const DRAFT = 'draft'

interface Props {
  editing: Editing
  versions: readonly VersionSummary[]
}

/** What makes two versions different, or a version and the draft. */
export function Compare({ editing, versions }: Props) {
  const [from, setFrom] = useState(versions[0]?.id ?? DRAFT)
  const [to, setTo] = useState(DRAFT)
  const loaded = useLoad(async () => {
    const graphOf = async (id: string) =>
      id === DRAFT ? editing.graph : read((await version(editing.draft.id, id)).graph)
    const [before, after] = await Promise.all([graphOf(from), graphOf(to)])
    return diff(before, after)
  }, `${from} ${to}`)
  return (
    <section aria-label="Compare" data-testid="compare">
      <p className="compare">
        From <Which label="From" versions={versions} value={from} onChange={setFrom} /> to{' '}
        <Which label="To" versions={versions} value={to} onChange={setTo} />
      </p>
      {loaded.error && <Failure error={loaded.error} onRetry={loaded.reload} />}
      {loaded.value && <Differences diff={loaded.value} />}
    </section>
  )
}

interface WhichProps {
  label: string
  versions: readonly VersionSummary[]
  value: string
  onChange: (id: string) => void
}

function Which({ label, versions, value, onChange }: WhichProps) {
  return (
    <select aria-label={label} value={value} onChange={(event) => onChange(event.target.value)}>
      <option value={DRAFT}>the draft</option>
      {versions.map((item) => (
        <option key={item.id} value={item.id}>
          version {item.number}
          {item.name !== null && `, ${item.name}`}
        </option>
      ))}
    </select>
  )
}
