import { useState } from 'react'

import { noteOn } from '../../api/leads'
import type { NoteType } from '../../api/leads'
import { useAttempt } from '../../app/attempt'
import { ChoiceField, LinesField } from '../../ui/field'
import { Form } from '../../ui/form'

const TYPES: [NoteType, string][] = [
  ['note', 'A note'],
  ['call', 'A call'],
  ['meeting', 'A meeting'],
  ['email', 'A mail'],
]

/** Writes down what one did or thought. */
export function NoteForm({ id, onDone }: { id: string; onDone: () => void }) {
  const [type, setType] = useState<NoteType>('note')
  const [words, setWords] = useState('')
  const { error, isBusy, attempt } = useAttempt()
  const submit = () =>
    void attempt(async () => {
      await noteOn(id, type, words.trim())
      setWords('')
      onDone()
    })
  const footer = (
    <button className="primary" disabled={isBusy || words.trim() === ''}>
      Write it down
    </button>
  )
  return (
    <section className="section" aria-label="Write something down">
      <Form error={error} onSubmit={submit} footer={footer}>
        <ChoiceField label="What" choices={TYPES} value={type} onText={(next) => setType(next as NoteType)} />
        <LinesField label="In words" value={words} onText={setWords} />
      </Form>
    </section>
  )
}
