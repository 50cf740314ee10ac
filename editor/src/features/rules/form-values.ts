import type { ActionType, Condition, Operator, Rule, RuleWish } from '../../api/rules'

export interface Comparison {
  /** For React alone. */
  key: number
  field: string
  op: Operator
  /** As it is written: see `meant`. */
  value: string
}

export interface ActionValues {
  /** For React alone. */
  key: number
  type: ActionType
  config: Record<string, unknown>
}

/** What is written in the form of a rule. */
export interface Values {
  name: string
  event: string
  join: 'all' | 'any'
  comparisons: Comparison[]
  /** Conditions as JSON, where groups lie in groups: these are not shown as rows. */
  nested: string | null
  actions: ActionValues[]
  logMisses: boolean
}

let keys = 0
export const nextKey = () => (keys += 1)

/** Operators without a value. */
export const ALONE: readonly Operator[] = ['exists', 'missing']

export function valuesOf(rule: Rule | null): Values {
  const conditions = rule?.conditions ?? null
  const rows = conditions && rowsOf(conditions)
  return {
    name: rule?.name ?? '',
    event: rule?.event ?? '',
    join: conditions?.any ? 'any' : 'all',
    comparisons: rows ?? [],
    nested: conditions && !rows ? JSON.stringify(conditions, null, 2) : null,
    actions: (rule?.actions ?? []).map((action) => ({ key: nextKey(), ...action })),
    logMisses: rule?.log_misses ?? false,
  }
}

/** Conditions as rows; null if there are groups in them. */
function rowsOf(conditions: Condition): Comparison[] | null {
  const parts = conditions.all ?? conditions.any ?? [conditions]
  if (parts.some((part) => part.field === undefined)) return null
  return parts.map(({ field = '', op = 'exists', value }) => ({ key: nextKey(), field, op, value: written(value) }))
}

/** Throws where conditions as JSON are none. */
export function wishOf(values: Values, enabled: boolean): RuleWish {
  const conditions = conditionsOf(values)
  return {
    name: values.name.trim(),
    event: values.event.trim(),
    ...(conditions ? { conditions } : {}),
    actions: values.actions.map(({ type, config }) => ({ type, config })),
    log_misses: values.logMisses && conditions !== null,
    enabled,
  }
}

function conditionsOf({ nested, comparisons, join }: Values): Condition | null {
  if (nested !== null) return nested.trim() === '' ? null : (JSON.parse(nested) as Condition)
  if (comparisons.length === 0) return null
  const parts = comparisons.map(({ field, op, value }): Condition => {
    const comparison = { field: field.trim(), op }
    if (ALONE.includes(op)) return comparison
    return { ...comparison, value: op === 'one_of' ? several(value) : meant(value) }
  })
  return { [join]: parts }
}

/** A number, true or false where it reads as one; else text. Quotes make text of anything. */
export function meant(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return ['number', 'boolean', 'string'].includes(typeof value) ? value : text
  } catch {
    return text
  }
}

/** Such values with commas between them. Where it is a list as JSON, it is that. */
function several(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text)
    if (Array.isArray(value)) return value
  } catch {
    // Not JSON: words.
  }
  return text
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean)
    .map(meant)
}

/** So that `meant` gives it back. */
export function written(value: unknown): string {
  if (value === undefined) return ''
  if (Array.isArray(value)) {
    const isPlain = value.every((item) => typeof item !== 'string' || (meant(item) === item && !/^\s|,|\s$/.test(item)))
    return isPlain && value.length > 0 ? value.map(String).join(', ') : JSON.stringify(value)
  }
  if (typeof value !== 'string') return JSON.stringify(value)
  return meant(value) === value ? value : JSON.stringify(value)
}
