import { Icon } from '../ui/icon'
import { IconButton } from '../ui/icon-button'
import { FieldInput } from './field-input'
import type { InputProps } from './field-input'
import { firstItem, kindOf } from './schema'
import type { Field, Json } from './schema'

type ManyProps = Omit<InputProps, 'field'> & { item: Json }

/** A list of whatever its schema says: entries can be added, moved up and taken away. */
export function ListInput({ item, root, value, problems, pointer, onChange }: ManyProps) {
  const items = Array.isArray(value) ? (value as unknown[]) : []
  const replace = (at: number, next: unknown, where: string) =>
    onChange(
      items.map((old, ix) => (ix === at ? (next ?? '') : old)),
      where,
    )
  const remove = (at: number) =>
    onChange(
      items.filter((_, ix) => ix !== at),
      pointer,
    )
  const raise = (at: number) => {
    const next = [...items]
    next.splice(at - 1, 0, ...next.splice(at, 1))
    onChange(next, pointer)
  }
  return (
    <div className="many">
      {items.map((entry, at) => (
        <div key={at} className="many-item">
          <FieldInput
            field={fieldOf(item, String(at + 1))}
            root={root}
            value={entry}
            problems={problems}
            pointer={`${pointer}/${at}`}
            onChange={(next, where) => replace(at, next, where)}
          />
          <div className="many-tools">
            <button
              type="button"
              className="quiet icon-only"
              disabled={at === 0}
              aria-label="Move up"
              onClick={() => raise(at)}
            >
              ↑
            </button>
            <IconButton icon="trash" label="Remove" onClick={() => remove(at)} />
          </div>
        </div>
      ))}
      <button
        type="button"
        className="quiet many-add"
        onClick={() => onChange([...items, firstItem(item, root)], pointer)}
      >
        <Icon name="add" /> Add
      </button>
    </div>
  )
}

/** Names and values. */
export function MapInput({ item, root, value, problems, pointer, onChange }: ManyProps) {
  const entries = Object.entries((typeof value === 'object' && value !== null ? value : {}) as Json)
  const put = (next: [string, unknown][], where = pointer) => onChange(Object.fromEntries(next), where)
  const name = (at: number, next: string) =>
    put(
      entries.map((old, ix) => (ix === at ? [next, old[1]] : old)),
      `${pointer}#${at}`,
    )
  const set = (at: number, next: unknown, where: string) =>
    put(
      entries.map((old, ix) => (ix === at ? [old[0], next ?? ''] : old)),
      where,
    )
  const isSimple = ['text', 'number', 'value'].includes(kindOf(item, root).kind)
  return (
    <div className="many">
      {entries.map(([key, entry], at) => (
        <div key={at} className={isSimple ? 'many-item pair' : 'many-item'}>
          <input
            aria-label="Name"
            value={key}
            spellCheck={false}
            onChange={(event) => {
              const isTaken = entries.some(([other], ix) => ix !== at && other === event.target.value)
              if (!isTaken) name(at, event.target.value)
            }}
          />
          <FieldInput
            field={fieldOf(item, key)}
            root={root}
            value={entry}
            problems={problems}
            pointer={`${pointer}/${key}`}
            onChange={(next, where) => set(at, next, where)}
          />
          <IconButton icon="trash" label={`Remove ${key}`} onClick={() => put(entries.filter((_, ix) => ix !== at))} />
        </div>
      ))}
      <button type="button" className="quiet many-add" onClick={() => put([...entries, [freshName(entries), '']])}>
        <Icon name="add" /> Add
      </button>
    </div>
  )
}

function freshName(entries: [string, unknown][]): string {
  const taken = new Set(entries.map(([key]) => key))
  let number = 1
  while (taken.has(`name_${number}`)) number += 1
  return `name_${number}`
}

function fieldOf(schema: Json, name: string): Field {
  return { name, schema, description: '', isRequired: true, isEntry: true, fallback: schema['default'] }
}
