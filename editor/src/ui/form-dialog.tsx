import type { ReactNode } from 'react'

import type { ApiError } from '../api/client'
import { Dialog } from './dialog'
import { Failure } from './failure'
import { Icon } from './icon'
import type { IconName } from './icon'

interface Props {
  title: string
  /** What the button says that does it, and its icon. */
  submit: string
  icon?: IconName
  isOff?: boolean
  error: ApiError | null
  onSubmit: () => void
  onClose: () => void
  /** Buttons for what else can be done. */
  others?: ReactNode
  children: ReactNode
}

/** A dialog that asks for something before it is done, and stays open if it is refused. */
export function FormDialog(props: Props) {
  const { title, submit, icon, isOff = false, error, onSubmit, onClose, others, children } = props
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          onSubmit()
        }}
      >
        {children}
        {error && <Failure error={error} />}
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          {others}
          <button className="primary" disabled={isOff}>
            {icon && <Icon name={icon} />} {submit}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
