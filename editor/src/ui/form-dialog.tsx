import type { ReactNode } from 'react'

import type { ApiError } from '../api/client'
import { Dialog } from './dialog'
import { Form } from './form'
import { Icon } from './icon'
import type { IconName } from './icon'
import type { Codes } from './placed'

interface Props {
  title: string
  /** What the button says that does it, and its icon. */
  submit: string
  icon?: IconName
  isOff?: boolean
  /** What it does cannot be taken back. */
  isDanger?: boolean
  isWide?: boolean
  error: ApiError | null
  codes?: Codes
  onSubmit: () => void
  onClose: () => void
  /** Buttons for what else can be done. */
  others?: ReactNode
  children: ReactNode
}

/** A dialog that asks for something before it is done, and stays open if it is refused. */
export function FormDialog(props: Props) {
  const { title, submit, icon, isOff = false, isDanger = false, isWide = false } = props
  const { error, codes, onSubmit, onClose, others, children } = props
  const footer = (
    <>
      <button type="button" onClick={onClose}>
        Cancel
      </button>
      {others}
      <button className={isDanger ? 'primary danger' : 'primary'} disabled={isOff}>
        {icon && <Icon name={icon} />} {submit}
      </button>
    </>
  )
  return (
    <Dialog title={title} onClose={onClose} className={isWide ? 'wide' : ''}>
      <Form error={error} codes={codes} onSubmit={onSubmit} footer={footer}>
        {children}
      </Form>
    </Dialog>
  )
}
