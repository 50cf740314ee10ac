import { FieldInput } from './field-input'
import { fieldsOf } from './schema'
import type { Field, Json } from './schema'

export interface FormProps {
  schema: Json
  root: Json
  value: Json
  /** What is wrong with fields, by their JSON pointer below this form. */
  problems: ReadonlyMap<string, string>
  pointer: string
  /** `field` is where it was changed, so that typing in one field is one step of the history. */
  onChange: (value: Json, field: string) => void
}

/** A form for one object. Fields that the schema does not know stay as they are. */
export function SchemaForm({ schema, root, value, problems, pointer, onChange }: FormProps) {
  const change = (field: Field, next: unknown, where: string) => {
    const { [field.name]: _before, ...rest } = value
    onChange(next === undefined ? rest : { ...value, [field.name]: next }, where)
  }
  return (
    <div className="form">
      {fieldsOf(schema, root).map((field) => (
        <FieldInput
          key={field.name}
          field={field}
          root={root}
          value={value[field.name]}
          problems={problems}
          pointer={`${pointer}/${field.name}`}
          onChange={(next, where) => change(field, next, where)}
        />
      ))}
    </div>
  )
}
