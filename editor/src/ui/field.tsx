import { useId } from 'react'
import type { InputHTMLAttributes, ReactNode, SelectHTMLAttributes } from 'react'

import { useProblem } from './form'

interface Common {
  label: string
  /** Its name in the form: what is wrong with it is told under that name. */
  name?: string
  help?: ReactNode
}

/** Attributes that tie an input to what is said of it. */
function useTied({ name, help }: { name?: string | undefined; help?: ReactNode }) {
  const id = useId()
  const problem = useProblem(name)
  const described = [problem && `${id}-problem`, help && `${id}-help`].filter(Boolean).join(' ')
  const tied = {
    id,
    ...(problem ? { 'aria-invalid': true } : {}),
    ...(described ? { 'aria-describedby': described } : {}),
  }
  return { id, problem, tied }
}

interface AroundProps extends Common {
  id: string
  problem: string | undefined
  children: ReactNode
}

function Around({ id, label, problem, help, children }: AroundProps) {
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children}
      {problem && (
        <p className="form-problem" id={`${id}-problem`}>
          {problem}
        </p>
      )}
      {help && (
        <p className="form-help" id={`${id}-help`}>
          {help}
        </p>
      )}
    </div>
  )
}

type TextProps = Common &
  Omit<InputHTMLAttributes<HTMLInputElement>, 'name' | 'onChange'> & { onText: (text: string) => void }

/** A line of text, with its name, what it is for, and what the server said of it. */
export function TextField({ label, name, help, onText, ...input }: TextProps) {
  const { id, problem, tied } = useTied({ name, help })
  return (
    <Around id={id} label={label} problem={problem} help={help}>
      <input {...input} {...tied} onChange={(event) => onText(event.target.value)} />
    </Around>
  )
}

/** Several lines. */
export function LinesField({ label, name, help, value, rows = 3, onText, ...more }: LinesProps) {
  const { id, problem, tied } = useTied({ name, help })
  return (
    <Around id={id} label={label} problem={problem} help={help}>
      <textarea
        {...more}
        {...tied}
        rows={rows}
        value={value}
        spellCheck={false}
        onChange={(event) => onText(event.target.value)}
      />
    </Around>
  )
}

interface LinesProps extends Common {
  value: string
  rows?: number
  required?: boolean
  placeholder?: string
  onText: (text: string) => void
}

type ChoiceProps = Common &
  Omit<SelectHTMLAttributes<HTMLSelectElement>, 'name' | 'onChange'> & {
    /** Each with what it is called. */
    choices: readonly (readonly [string, string])[]
    onText: (text: string) => void
  }

/** One of several. */
export function ChoiceField({ label, name, help, choices, onText, ...select }: ChoiceProps) {
  const { id, problem, tied } = useTied({ name, help })
  return (
    <Around id={id} label={label} problem={problem} help={help}>
      <select {...select} {...tied} onChange={(event) => onText(event.target.value)}>
        {choices.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </Around>
  )
}
