import { useState } from 'react'

import { ApiError } from '../../api/client'
import { putRecordType } from '../../api/records'
import type { RecordType, TypeWish } from '../../api/records'
import { useAttempt } from '../../app/attempt'
import { LinesField, TextField } from '../../ui/field'
import { FormDialog } from '../../ui/form-dialog'
import { EXAMPLE, wishIn, wishOf, withPlaces } from './definition'

interface Props {
  /** The type that is changed; null for a new one. */
  of: RecordType | null
  onPut: (name: string) => void
  onClose: () => void
}

const CODES = { name: ['invalid_name'], definition: ['unreadable'] }

/** A type as JSON: what the API takes, too. What is wrong with it is told by place. */
export function TypeDialog({ of, onPut, onClose }: Props) {
  const [name, setName] = useState(of?.name ?? '')
  const [text, setText] = useState(() => JSON.stringify(of ? wishOf(of) : EXAMPLE, null, 2))
  const [wrong, setWrong] = useState<ApiError | null>(null)
  const { error, isBusy, attempt } = useAttempt()
  const submit = () => {
    const wish = wishIn(text)
    setWrong(wish instanceof ApiError ? wish : null)
    if (!(wish instanceof ApiError)) void attempt(() => put(wish))
  }
  const put = async (wish: TypeWish) => {
    await putRecordType(name.trim(), wish, of?.revision ?? null).catch((refused: unknown) => {
      throw withPlaces(ApiError.of(refused))
    })
    onPut(name.trim())
  }
  return (
    <FormDialog
      title={of ? `Change ${of.label}` : 'Define a type'}
      submit={of ? 'Change it' : 'Define it'}
      isWide
      isOff={isBusy || name.trim() === ''}
      error={wrong ?? error}
      codes={CODES}
      onSubmit={submit}
      onClose={onClose}
    >
      {!of && (
        <TextField
          label="Name"
          name="name"
          value={name}
          placeholder="deal"
          help="For programs: a letter, then letters, digits and _."
          onText={setName}
        />
      )}
      <LinesField
        label="Definition"
        name="definition"
        rows={18}
        value={text}
        help="States in the order of the board, with kind open, won or lost; ways between them, which may have a name, a condition in when with a reason, needs_reason, and by: owner, admin, member, key or step."
        onText={setText}
      />
    </FormDialog>
  )
}
