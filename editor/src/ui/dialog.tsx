import { useEffect, useRef } from 'react'
import type { ReactNode } from 'react'

import { IconButton } from './icon-button'

interface Props {
  title: string
  onClose: () => void
  className?: string
  children: ReactNode
}

/** The browser's own dialog: it holds the focus, Escape closes it, and the focus goes back to where it was. */
export function Dialog({ title, onClose, className = '', children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const before = document.activeElement
    dialog.current?.showModal()
    // The browser would choose the button that closes it.
    const first = ['input:not([readonly]), textarea, select', 'button.primary'].map((what) =>
      dialog.current?.querySelector<HTMLElement>(what),
    )
    first.find((found) => found)?.focus()
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      className={`dialog ${className}`}
      aria-label={title}
      onClose={onClose}
      onKeyDown={(event) => event.stopPropagation()}
      onPointerDown={(event) => event.target === dialog.current && onClose()}
    >
      <div className="dialog-body">
        <header>
          <h2>{title}</h2>
          <IconButton icon="close" label="Close" onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  )
}
