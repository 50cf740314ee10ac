import { createContext, useContext, useEffect, useRef } from 'react'
import type { FormEvent, ReactNode } from 'react'

import type { ApiError } from '../api/client'
import { Failure } from './failure'
import { placed } from './placed'
import type { Codes } from './placed'

const Problems = createContext<ReadonlyMap<string, string>>(new Map())

/** What is wrong with a field of the form around it. */
export function useProblem(name: string | undefined): string | undefined {
  const problems = useContext(Problems)
  return name === undefined ? undefined : problems.get(name)
}

interface Props {
  error: ApiError | null
  /** The form's fields, with the codes that are about them. */
  codes?: Codes | undefined
  onSubmit: () => void
  /** Buttons. */
  footer: ReactNode
  children: ReactNode
}

const NO_CODES: Codes = {}

/** A form that tells a refusal at the field that it is about, and goes there. */
export function Form({ error, codes = NO_CODES, onSubmit, footer, children }: Props) {
  const form = useRef<HTMLFormElement>(null)
  const { at, rest } = placed(error, codes)
  useEffect(() => {
    if (error && form.current) goToProblem(form.current)
  }, [error])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onSubmit()
  }
  return (
    <form ref={form} className="stack" onSubmit={submit}>
      <Problems value={at}>{children}</Problems>
      {rest && <Failure error={rest} />}
      {rest && rest.errors.length > 0 && <Findings of={rest} />}
      <footer>{footer}</footer>
    </form>
  )
}

/** To the first field that is refused, also if what is wrong is told of several fields at once. */
function goToProblem(form: HTMLFormElement): void {
  const invalid = form.querySelector<HTMLElement>('[aria-invalid="true"]')
  if (invalid) return invalid.focus()
  const told = form.querySelector<HTMLElement>('.form-problem')
  told?.parentElement?.querySelector<HTMLElement>('input, textarea, select')?.focus()
  told?.scrollIntoView({ block: 'center' })
}

function Findings({ of }: { of: ApiError }) {
  return (
    <ul className="findings">
      {of.errors.map(({ detail, hint }, at) => (
        <li key={at}>
          {detail}
          {hint && <span className="faint"> {hint}</span>}
        </li>
      ))}
    </ul>
  )
}
