/** What can be gone to and done by typing: in general, and on the page that is looked at. */

import { useEffect } from 'react'

import type { IconName } from '../ui/icon'
import { Store } from './store'

export interface Command {
  /** Once in the list. */
  key: string
  label: string
  /** What kind of thing it is, or its key. */
  about: string
  icon: IconName
  run: () => void
}

/** Asked for when the list opens: it tells what can be done then. */
export type Commands = () => readonly Command[]

export const pageCommands = new Store<{ of: Commands | null }>({ of: null })

/** Has a page add what it can do, while it is looked at. `commands` stays the same function. */
export function useCommands(commands: Commands): void {
  useEffect(() => {
    pageCommands.set({ of: commands })
    return () => {
      if (pageCommands.get().of === commands) pageCommands.set({ of: null })
    }
  }, [commands])
}

/** Those in which each word is found; where one begins a word of the label, it comes first. */
export function matchingCommands(commands: readonly Command[], wanted: string): Command[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean)
  const rated = commands.flatMap((command) => {
    const [label, all] = [` ${command.label.toLowerCase()}`, `${command.label} ${command.about}`.toLowerCase()]
    if (!words.every((word) => all.includes(word))) return []
    return [{ command, begun: words.filter((word) => label.includes(` ${word}`)).length }]
  })
  return rated.sort((a, b) => b.begun - a.begun).map(({ command }) => command)
}
