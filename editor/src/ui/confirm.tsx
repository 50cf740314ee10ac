import type { ReactNode } from 'react'

import { useAttempt } from '../app/attempt'
import { FormDialog } from './form-dialog'

interface Props {
  title: string
  /** What the button says that does it. */
  submit: string
  isDanger?: boolean
  onConfirm: () => Promise<unknown>
  onClose: () => void
  /** What happens then. */
  children: ReactNode
}

/** Asks once more before something is done that others will notice. */
export function Confirm({ title, submit, isDanger = true, onConfirm, onClose, children }: Props) {
  const { error, isBusy, attempt } = useAttempt()
  const confirm = () =>
    attempt(async () => {
      await onConfirm()
      onClose()
    })
  return (
    <FormDialog
      title={title}
      submit={submit}
      isDanger={isDanger}
      isOff={isBusy}
      error={error}
      onSubmit={() => void confirm()}
      onClose={onClose}
    >
      {children}
    </FormDialog>
  )
}
