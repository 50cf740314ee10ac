import { useState } from 'react'

import { removeSetting, setSetting } from '../../api/platform'
import type { Setting } from '../../api/platform'
import { useAttempt } from '../../app/attempt'
import { ChoiceField, LinesField, TextField } from '../../ui/field'
import { Form } from '../../ui/form'
import { say } from '../../ui/toast'

const CODES = { value: ['bad_setting', 'unknown_plan'] }

/** One setting, by what it may be. */
export function SettingForm({ setting, onSaved }: { setting: Setting; onSaved: () => void }) {
  const { name, shape, is_set } = setting
  const [value, setValue] = useState(wordOf(setting.value))
  const { error, isBusy, attempt } = useAttempt()
  const change = (work: () => Promise<unknown>) =>
    void attempt(async () => {
      await work()
      onSaved()
      say('The setting is changed.')
    })
  const save = () => change(() => setSetting(name, shape.type === 'number' ? Number(value) : value))
  const footer = (
    <>
      {is_set && (
        <button type="button" disabled={isBusy} onClick={() => change(() => removeSetting(name))}>
          As usual
        </button>
      )}
      <button className="primary" disabled={isBusy || value === wordOf(setting.value)}>
        Save
      </button>
    </>
  )
  return (
    <section className="section" aria-label={titleOf(name)} data-setting={name}>
      <Form error={error} codes={CODES} onSubmit={save} footer={footer}>
        <Field setting={setting} value={value} onText={setValue} />
      </Form>
    </section>
  )
}

function Field({ setting, value, onText }: { setting: Setting; value: string; onText: (text: string) => void }) {
  const { name, about, shape, is_set, usual, changed_by } = setting
  const help = `${about} ${is_set ? `Set by ${changed_by}.` : `As usual: ${wordOf(usual) || 'nothing'}.`}`
  const common = { label: titleOf(name), name: 'value', value, onText, help }
  if (shape.type === 'choice')
    return <ChoiceField {...common} choices={(shape.words ?? []).map((word) => [word, word])} />
  if (shape.type === 'number') {
    return <TextField {...common} type="number" required min={shape.min} max={shape.max} step={1} />
  }
  if (name === 'notice') return <LinesField {...common} required />
  return <TextField {...common} required maxLength={shape.chars_max} />
}

function wordOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function titleOf(name: string): string {
  const words = name.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
