import { useId, useRef } from 'react'

import { sentence } from '../ui/failure'
import { CredentialInput } from './credential-input'
import { DataMenu } from './data-menu'
import { Help } from './help'
import { JsonInput } from './json-input'
import { ListInput, MapInput } from './many-input'
import { SchemaForm } from './schema-form'
import { useReading } from './reading'
import { isExpression, kindOf, title } from './schema'
import type { Field, FieldKind, Json } from './schema'
import { useTaking, wayOf } from './taking'
import { TextInput } from './text-input'

export interface InputProps {
  field: Field
  root: Json
  value: unknown
  problems: ReadonlyMap<string, string>
  pointer: string
  /** Undefined takes the field away. */
  onChange: (value: unknown, where: string) => void
}

/** Expressions are filled in there, and nowhere else. */
const FILLED_IN = '/data/config'

/** One field: its name, what it is for, what is wrong with it, and what fits its kind. */
export function FieldInput(props: InputProps) {
  const { field, root, value, problems, pointer, onChange } = props
  const id = useId()
  const found = kindOf(field.schema, root)
  const problem = problems.get(pointer)
  const isGroup = found.kind === 'object' || found.kind === 'list' || found.kind === 'map'
  const isFilledIn = useReading().isFilledIn && pointer.startsWith(FILLED_IN)
  const canSwitch = isFilledIn && !PLAIN.includes(found.kind)
  const isWritten = canSwitch && (isExpression(value) || (typeof value === 'string' && !hasText(found.kind)))
  const whole = useRef<HTMLDivElement>(null)
  const way = isFilledIn ? wayOf(found.kind, isWritten, value) : 'none'
  const taking = useTaking(whole, way, (expression) => onChange(expression, pointer))
  return (
    <div
      ref={whole}
      className="form-field"
      data-kind={found.kind}
      data-problem={problem !== undefined}
      data-field={pointer}
      data-takes={taking.isOver}
      {...taking.attributes}
    >
      <div className="form-head">
        <label htmlFor={isGroup && !isWritten ? undefined : id}>
          {title(field.name)}
          {field.isRequired && !field.isEntry && (
            <span className="form-needed">
              {' '}
              <span aria-hidden="true">*</span>
              <span className="visually-hidden"> (required)</span>
            </span>
          )}
        </label>
        <span className="form-tools">
          {way !== 'none' && <DataMenu field={title(field.name)} onPick={(name) => taking.take(name)} />}
          {canSwitch && (
            <ExpressionSwitch
              field={title(field.name)}
              value={value}
              isOn={isWritten}
              onChange={(next) => onChange(next, pointer)}
            />
          )}
        </span>
      </div>
      {isWritten ? (
        <TextInput id={id} value={value} placeholder="" onChange={(next) => onChange(next, pointer)} />
      ) : (
        <KindInput {...props} id={id} />
      )}
      {problem && (
        <p className="form-problem">
          {field.isRequired && value === undefined ? 'This is needed.' : sentence(problem)}
        </p>
      )}
      {field.description && <Help words={field.description} />}
    </div>
  )
}

/** Text and JSON take expressions as they are, an object within its fields, and a credential is taken as it is written. */
const PLAIN: readonly FieldKind['kind'][] = ['text', 'value', 'object', 'credential']

/** Kinds whose values may be text: of others, text can only be an expression that is being written. */
function hasText(kind: FieldKind['kind']): boolean {
  return kind === 'text' || kind === 'choice' || kind === 'value'
}

/** Between a value and an expression; neither is lost by looking at the other. */
function ExpressionSwitch({
  field,
  value,
  isOn,
  onChange,
}: {
  field: string
  value: unknown
  isOn: boolean
  onChange: (value: unknown) => void
}) {
  const other = useRef<unknown>(isOn ? undefined : '{{  }}')
  const flip = () => {
    const next = other.current
    other.current = value ?? (isOn ? '{{  }}' : undefined)
    onChange(isOn ? (isExpression(next) ? undefined : next) : isExpression(next) ? next : '{{  }}')
  }
  return (
    <button
      type="button"
      className="form-switch"
      aria-pressed={isOn}
      aria-label={`Expression for ${field}`}
      title={isOn ? 'Back to a value' : 'Write an expression instead'}
      onClick={flip}
    >
      {'{{ }}'}
    </button>
  )
}

function KindInput({ field, root, value, problems, pointer, onChange, id }: InputProps & { id: string }) {
  const found = kindOf(field.schema, root)
  const set = (next: unknown) => onChange(next, pointer)
  const within = { root, problems, pointer, onChange }
  const hint = field.fallback === undefined || field.fallback === null ? '' : String(field.fallback)
  switch (found.kind) {
    case 'text':
      return <TextInput id={id} value={value} placeholder={hint} isRequired={field.isRequired} onChange={set} />
    case 'number':
      return (
        <input
          id={id}
          type="number"
          value={typeof value === 'number' ? value : ''}
          placeholder={hint}
          onChange={(event) => set(event.target.value === '' ? undefined : Number(event.target.value))}
        />
      )
    case 'boolean':
      return (
        <input
          id={id}
          type="checkbox"
          checked={value === undefined ? field.fallback === true : value === true}
          onChange={(event) => set(event.target.checked)}
        />
      )
    case 'choice':
      return (
        <select
          id={id}
          value={typeof value === 'string' ? value : ''}
          onChange={(event) => set(event.target.value || undefined)}
        >
          <option value="">{hint ? `${hint} (default)` : '–'}</option>
          {found.choices.map((choice) => (
            <option key={choice.value} value={choice.value} title={choice.description}>
              {choice.value}
            </option>
          ))}
        </select>
      )
    case 'credential':
      return <CredentialInput id={id} types={found.types} value={value} isRequired={field.isRequired} onChange={set} />
    case 'object':
      return (
        <div className="form-inner">
          <SchemaForm schema={field.schema} value={(value ?? {}) as Json} {...within} />
        </div>
      )
    case 'list':
      return <ListInput item={found.item} value={value} {...within} />
    case 'map':
      return <MapInput item={found.item} value={value} {...within} />
    case 'value':
      return <JsonInput id={id} value={value} onChange={set} />
  }
}
