import { useEffect, useState } from 'react'

import { checkDraft } from '../api/calls'
import { useStore } from '../app/store'
import type { Finding } from '../api/types'
import type { Editing } from './editing'

/** A proof takes longer than a check: it waits until one has stopped changing things. */
const PROVE_AFTER_MS = 1_200

/** What the proof found in the draft as it was saved last; nothing while it has problems. */
export function useFindings(editing: Editing): readonly Finding[] {
  const revision = useStore(editing.draft, (state) => state.revision)
  const isValid = useStore(editing.draft, (state) => state.problems.length === 0)
  const [found, setFound] = useState<readonly Finding[]>([])
  useEffect(() => {
    if (editing.isReadOnly) return
    let over = false
    const timer = setTimeout(async () => {
      const verdict = isValid ? await checkDraft(editing.draft.id).catch(() => null) : null
      if (!over) setFound(verdict?.proof?.findings ?? [])
    }, PROVE_AFTER_MS)
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [editing, revision, isValid])
  return found
}
