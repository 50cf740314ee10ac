import { iconOf } from '../canvas/categories'
import { labelOf } from '../document/graph'
import { Icon } from '../ui/icon'
import type { Editing } from './editing'
import { Picker } from '../ui/picker'

/** Goes to a step by anything that is written in it: label, name, type, or a setting. */
export function Find({ editing, onClose }: { editing: Editing; onClose: () => void }) {
  const texts = editing.graph.nodes.map((node) => ({
    node,
    text: `${labelOf(node)} ${node.id} ${editing.catalogue.titleOf(node.type)} ${JSON.stringify(node.data ?? {})}`.toLowerCase(),
  }))
  return (
    <Picker
      title="Find a step"
      placeholder="Label, name, or something in its settings"
      find={(wanted) => texts.filter(({ text }) => text.includes(wanted.toLowerCase())).map(({ node }) => node)}
      keyOf={(node) => node.id}
      show={(node) => (
        <>
          <Icon name={iconOf(node.type)} />
          <span>
            {labelOf(node)} <span className="faint">{editing.catalogue.titleOf(node.type)}</span>
          </span>
          <code>{node.id}</code>
        </>
      )}
      onPick={(node) => {
        onClose()
        editing.goTo(node.id)
      }}
      onClose={onClose}
    />
  )
}
