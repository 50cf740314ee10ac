/**
 * Shapes of JSON: each is a check at run time and a TypeScript type in one, so that what `types.ts` says of the API can
 * be held against real answers by a test.
 */

export interface Shape<T> {
  /** Where and how `value` differs; nothing if it fits. `path` is where it stands. */
  check(value: unknown, path: string): string[]
  /** Only for the type. */
  readonly type?: T
}

export type TypeOf<S> = S extends Shape<infer T> ? T : never

type Fields = Record<string, Shape<unknown>>
type OptionalKeys<F extends Fields> = { [K in keyof F]: F[K] extends Maybe<unknown> ? K : never }[keyof F]
type ObjectOf<F extends Fields> = { [K in Exclude<keyof F, OptionalKeys<F>>]: TypeOf<F[K]> } & {
  [K in OptionalKeys<F>]?: TypeOf<F[K]>
}

/** A field that may be absent. */
export interface Maybe<T> extends Shape<T> {
  readonly maybe: true
}

function primitive<T>(name: string, fits: (value: unknown) => boolean): Shape<T> {
  return {
    check: (value, path) => (fits(value) ? [] : [`${path} is no ${name}: ${JSON.stringify(value)?.slice(0, 80)}`]),
  }
}

export const text = primitive<string>('text', (value) => typeof value === 'string')
export const number = primitive<number>('number', (value) => typeof value === 'number')
export const boolean = primitive<boolean>('boolean', (value) => typeof value === 'boolean')
export const anything: Shape<unknown> = { check: (value, path) => (value === undefined ? [`${path} is absent`] : []) }
export const record = primitive<Record<string, unknown>>(
  'object',
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
)

export function oneOf<const T extends string>(...words: T[]): Shape<T> & { words: readonly T[] } {
  return { ...primitive<T>(words.join(' or '), (value) => words.includes(value as T)), words }
}

export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return { check: (value, path) => (value === null ? [] : shape.check(value, path)) }
}

export function maybe<T>(shape: Shape<T>): Maybe<T> {
  return { check: (value, path) => (value === undefined ? [] : shape.check(value, path)), maybe: true }
}

export function list<T>(shape: Shape<T>): Shape<T[]> {
  const each = (value: unknown[], path: string) => value.flatMap((item, at) => shape.check(item, `${path}/${at}`))
  return { check: (value, path) => (Array.isArray(value) ? each(value, path) : [`${path} is no list`]) }
}

export function map<T>(shape: Shape<T>): Shape<Record<string, T>> {
  const each = (value: object, path: string) =>
    Object.entries(value).flatMap(([key, item]) => shape.check(item, `${path}/${key}`))
  return { check: (value, path) => [...record.check(value, path), ...each(Object(value) as object, path)] }
}

/** Exactly these fields: one that is not listed is a difference, too. */
export function object<F extends Fields>(fields: F): Shape<ObjectOf<F>> & { fields: F } {
  const check = (value: unknown, path: string) => {
    const wrong = record.check(value, path)
    if (wrong.length > 0) return wrong
    const given = value as Record<string, unknown>
    const unlisted = Object.keys(given).filter((key) => !(key in fields))
    return [
      ...unlisted.map((key) => `${path}/${key} is not listed`),
      ...Object.entries(fields).flatMap(([key, shape]) => shape.check(given[key], `${path}/${key}`)),
    ]
  }
  return { check, fields }
}
