import { iconOf } from '../canvas/categories'
import { labelOf } from '../document/graph'
import { noteKey, noteName } from '../document/notes'
import { Icon } from '../ui/icon'
import type { IconName } from '../ui/icon'
import type { Editing } from './editing'
import { Picker } from '../ui/picker'

export interface Spot {
  key: string
  label: string
  about: string
  icon: IconName
  /** What is looked in. */
  text: string
}

/** Goes to a step by anything that is written in it: label, name, type, or a setting; or to a note by its text. */
export function Find({ editing, onClose }: { editing: Editing; onClose: () => void }) {
  const spots = spotsOf(editing)
  return (
    <Picker
      title="Find a step"
      placeholder="Label, name, or something in its settings"
      find={(wanted) => spots.filter(({ text }) => text.includes(wanted.toLowerCase()))}
      keyOf={({ key }) => key}
      show={({ key, label, about, icon }) => (
        <>
          <Icon name={icon} />
          <span>
            {label} <span className="faint">{about}</span>
          </span>
          <code>{key}</code>
        </>
      )}
      onPick={({ key }) => {
        onClose()
        editing.goTo(key)
      }}
      onClose={onClose}
    />
  )
}

/** Steps, then notes. */
export function spotsOf({ graph, catalogue }: Editing): Spot[] {
  const steps = graph.nodes.map((node): Spot => {
    const [label, about] = [labelOf(node), catalogue.titleOf(node.type)]
    const text = `${label} ${node.id} ${about} ${JSON.stringify(node.data ?? {})}`.toLowerCase()
    return { key: node.id, label, about, icon: iconOf(node.type), text }
  })
  const notes = graph.notes.map((note): Spot => {
    const key = noteKey(note.id)
    return { key, label: noteName(note), about: 'Note', icon: 'note', text: `${key} ${note.text}`.toLowerCase() }
  })
  return [...steps, ...notes]
}
