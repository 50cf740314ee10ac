import { useMemo, useState } from 'react'

import { useStore } from '../app/store'
import { read } from '../document/codec'
import { diff } from '../document/diff'
import type { Graph } from '../document/graph'
import { nameOf, nodeById } from '../document/graph'
import { merge } from '../document/merge'
import type { Conflict, Picks, Side } from '../document/merge'
import { noteAt, noteKey, noteName } from '../document/notes'
import { Dialog } from '../ui/dialog'
import { Differences, Shown } from './differences'
import type { Editing } from './editing'

/** Brings both versions of a draft together: what they changed, and what has to be decided, is shown first. */
export function MergeDialog({ editing, onClose }: { editing: Editing; onClose: () => void }) {
  const save = useStore(editing.draft, (state) => state.save)
  if (save.kind !== 'conflict' || !save.base) return null
  return <Merge editing={editing} base={save.base} document={save.theirs.graph} onClose={onClose} />
}

interface MergeProps {
  editing: Editing
  base: Graph
  document: Record<string, unknown>
  onClose: () => void
}

function Merge({ editing, base, document, onClose }: MergeProps) {
  const mine = useStore(editing.draft, (state) => state.history.present)
  const theirs = useMemo(() => read(document), [document])
  const [picks, setPicks] = useState<Picks>(new Map())
  const merged = useMemo(() => merge(base, mine, theirs, picks), [base, mine, theirs, picks])
  const take = () => {
    editing.draft.takeMerged(merged.graph)
    editing.hear('Both versions are merged')
    onClose()
  }
  const named = ({ what, id }: Conflict) => {
    if (what === 'note') {
      const note = [mine, theirs].map((of) => noteAt(of, noteKey(id))).find(Boolean)
      return note ? `Note “${noteName(note)}”` : id
    }
    if (what === 'node') return nameOf(nodeById(mine, id) ? mine : theirs, id)
    return what === 'edge' ? id : 'The workflow'
  }
  return (
    <Dialog title="Merge both versions" onClose={onClose} className="wide">
      <div className="columns">
        <section>
          <h3>You changed</h3>
          <Differences diff={diff(base, mine)} />
        </section>
        <section>
          <h3>Elsewhere was changed</h3>
          <Differences diff={diff(base, theirs)} />
        </section>
      </div>
      {merged.conflicts.length === 0 ? (
        <p>Nothing overlaps: all of it comes together.</p>
      ) : (
        <>
          <h3>Both changed, so that one counts</h3>
          {merged.conflicts.map((conflict) => (
            <Choice
              key={conflict.key}
              conflict={conflict}
              name={named(conflict)}
              onPick={(side) => setPicks(new Map([...picks, [conflict.key, side]]))}
            />
          ))}
        </>
      )}
      <footer>
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="primary" onClick={take}>
          Merge
        </button>
      </footer>
    </Dialog>
  )
}

interface ChoiceProps {
  conflict: Conflict
  name: string
  onPick: (side: Side) => void
}

const SIDES: [Side, string][] = [
  ['mine', 'Mine'],
  ['theirs', 'Theirs'],
]

function Choice({ conflict, name, onPick }: ChoiceProps) {
  return (
    <fieldset className="choice">
      <legend>
        {name} {conflict.field && <code>{conflict.field.replace(/^data\./, '')}</code>}
      </legend>
      {SIDES.map(([side, words]) => (
        <label key={side} className="check">
          <input type="radio" name={conflict.key} checked={conflict.taken === side} onChange={() => onPick(side)} />
          <span>
            {words}: <Value conflict={conflict} side={side} />
          </span>
        </label>
      ))}
    </fieldset>
  )
}

function Value({ conflict, side }: { conflict: Conflict; side: Side }) {
  if (conflict.field !== '') return <Shown value={conflict[side]} />
  return <>{conflict[side] === undefined ? 'removed' : 'kept'}</>
}
