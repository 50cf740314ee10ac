/** What a test of one step is asked with, and what it still lacks. */

import type { ApiError } from '../api/client'
import type { TestWish } from '../api/trying'

interface Given {
  /** Id of an execution; empty for none. */
  source: string
  input: unknown
  item: unknown
  /** Outputs by step, as they were written; those that were left empty are not given. */
  steps: Readonly<Record<string, unknown>>
}

export function givenOf({ source, input, item, steps }: Given): Omit<TestWish, 'node_id'> {
  const outputs = Object.entries(steps).filter(([, output]) => output !== undefined)
  return {
    ...(source === '' ? {} : { of_execution: source }),
    ...(input === undefined ? {} : { input }),
    ...(item === undefined ? {} : { item }),
    ...(outputs.length === 0 ? {} : { steps: Object.fromEntries(outputs.map(([id, output]) => [id, { output }])) }),
  }
}

const STEP = /^\/steps\/([\w-]+)$/

/** Steps that it reads, and of which nothing was given. */
export function missingOf(error: ApiError): string[] {
  if (error.code !== 'missing_input') return []
  const found = error.errors.map((finding) => STEP.exec(finding.pointer ?? '')?.[1])
  return [...new Set(found.filter((id) => id !== undefined))]
}
