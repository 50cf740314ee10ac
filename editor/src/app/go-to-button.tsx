import { lazy, Suspense, useEffect, useState } from 'react'

import { Icon } from '../ui/icon'

const CommandPalette = lazy(() => import('./command-palette'))

/** Opens the list of all that can be gone to and done, as Ctrl-K does wherever one is. */
export function GoToButton() {
  const [isOpen, setOpen] = useState(false)
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const isKey = event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)
      if (!isKey || event.altKey || event.shiftKey) return
      event.preventDefault()
      // What is asked elsewhere is answered first.
      if (!document.querySelector('dialog[open]')) setOpen(true)
    }
    addEventListener('keydown', pressed)
    return () => removeEventListener('keydown', pressed)
  }, [])
  return (
    <>
      <button
        type="button"
        className="rail-item"
        title="Go to a page, a workflow or a step, or do something (Ctrl-K)"
        aria-keyshortcuts="Control+K Meta+K"
        onClick={() => setOpen(true)}
      >
        <Icon name="find" />
        <span>Go to</span>
      </button>
      {isOpen && (
        <Suspense>
          <CommandPalette onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  )
}
