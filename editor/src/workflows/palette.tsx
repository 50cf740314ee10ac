import { useState } from 'react'
import type { DragEvent } from 'react'

import type { NodeType } from '../api/types'
import { DRAGGED_TYPE } from '../canvas/canvas'
import { categoryOf, categoryTitle, iconOf } from '../canvas/categories'
import type { Category } from '../canvas/categories'
import { Icon } from '../ui/icon'
import type { Editing } from './editing'
import { NOTE_ITEM, matching } from './palette-items'
import type { Item as Entry } from './palette-items'

/** Every node type of the server, to be dragged in or clicked. */
export function Palette({ editing }: { editing: Editing }) {
  const [wanted, setWanted] = useState('')
  const groups = grouped(matching(editing.catalogue.types, wanted))
  const notes = matching([NOTE_ITEM], wanted)
  return (
    <div className="palette">
      <label className="search">
        <Icon name="find" />
        <input
          type="search"
          placeholder="Find a step"
          aria-label="Find a step"
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
      </label>
      {[...groups].map(([category, types]) => (
        <section key={category}>
          <h3>{categoryTitle(category)}</h3>
          {types.map((type) => (
            <Item key={type.name} type={type} editing={editing} />
          ))}
        </section>
      ))}
      {notes.length > 0 && (
        <section>
          <h3>On the canvas</h3>
          <Item type={NOTE_ITEM} editing={editing} />
        </section>
      )}
      {groups.size + notes.length === 0 && <p className="faint">No step has that in its name.</p>}
    </div>
  )
}

function Item({ type, editing }: { type: Entry; editing: Editing }) {
  const dragged = (event: DragEvent) => {
    event.dataTransfer.setData(DRAGGED_TYPE, type.name)
    event.dataTransfer.effectAllowed = 'copy'
  }
  return (
    <button
      type="button"
      className="palette-item"
      draggable={!editing.isReadOnly}
      disabled={editing.isReadOnly}
      title={type.description}
      data-category={categoryOf(type.name)}
      data-type={type.name}
      onDragStart={dragged}
      onClick={() => editing.insert(type.name, editing.chosenStep === null ? {} : { after: editing.chosenStep })}
    >
      <span className="step-icon">
        <Icon name={iconOf(type.name)} />
      </span>
      {type.title}
    </button>
  )
}

function grouped(types: NodeType[]): Map<Category, NodeType[]> {
  const groups = new Map<Category, NodeType[]>()
  for (const type of types) {
    const category = categoryOf(type.name)
    groups.set(category, [...(groups.get(category) ?? []), type])
  }
  return groups
}
