import { workflows } from '../api/calls'
import { useLoad } from './load'

export interface Names {
  nameOf: (id: string) => string
  /** Each id with its name, for a choice. */
  choices: readonly (readonly [string, string])[]
}

/** What workflows are called: the newest hundred by their names, others by the beginning of their id. */
export function useNames(): Names {
  const loaded = useLoad(() => workflows(), 'names', 30_000, ['workflow'])
  const choices = (loaded.value?.items ?? []).map(({ id, name }) => [id, name] as const)
  return { choices, nameOf: (id) => choices.find(([other]) => other === id)?.[1] ?? id.slice(0, 8) }
}
