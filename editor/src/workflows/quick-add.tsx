import { categoryOf, iconOf } from '../canvas/categories'
import { Icon } from '../ui/icon'
import type { Editing } from './editing'
import { NOTE_ITEM, matching } from './palette-items'
import type { Item } from './palette-items'
import { Picker } from '../ui/picker'
import type { Where } from './placing'

/** Adds a step by name, or a note. Where something leads to it, triggers and notes are left out. */
export function QuickAdd({ editing, where, onClose }: { editing: Editing; where: Where; onClose: () => void }) {
  const isLed = where.edgeId !== undefined || where.after !== undefined || where.from !== undefined
  const { types: all } = editing.catalogue
  const types: Item[] = isLed ? all.filter((type) => type.role !== 'trigger') : [...all, NOTE_ITEM]
  return (
    <Picker
      title={where.edgeId === undefined ? 'Add a step' : 'Put a step in here'}
      placeholder="What should happen?"
      find={(wanted) => matching(types, wanted)}
      keyOf={(type) => type.name}
      show={(type) => (
        <>
          <span className="step-icon" data-category={categoryOf(type.name)}>
            <Icon name={iconOf(type.name)} />
          </span>
          <span>
            {type.title} <span className="faint">{type.description}</span>
          </span>
        </>
      )}
      onPick={(type) => {
        onClose()
        editing.insert(type.name, where)
      }}
      onClose={onClose}
    />
  )
}
