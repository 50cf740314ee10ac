/** What an approval asks a person to fill in. */

import type { Approval } from '../../api/approvals'

export type Kind = 'text' | 'email' | 'number' | 'select' | 'checkbox' | 'textarea' | 'tel' | 'url' | 'date'

export interface Asked {
  name: string
  label: string
  kind: Kind
  /** Who rejects may leave it empty anyway. */
  isNeeded: boolean
  options: string[]
}

const KINDS: readonly Kind[] = ['text', 'email', 'number', 'select', 'checkbox', 'textarea', 'tel', 'url', 'date']

/** Its fields, in their order. A kind that is not known here is a line of text: the server judges. */
export function asked({ fields }: Pick<Approval, 'fields'>): Asked[] {
  return fields.map((field) => {
    const name = String(field['name'] ?? '')
    return {
      name,
      label: String(field['label'] ?? name),
      kind: KINDS.find((kind) => kind === field['type']) ?? 'text',
      isNeeded: field['required'] === true,
      options: Array.isArray(field['options']) ? field['options'].map(String) : [],
    }
  })
}

export type Written = Readonly<Record<string, string>>

/** What was written, as the server takes it: boxes as yes or no, and nothing of what is empty. */
export function filled(fields: readonly Asked[], written: Written): Record<string, unknown> {
  return Object.fromEntries(
    fields.flatMap(({ name, kind }): [string, unknown][] => {
      const text = written[name] ?? ''
      if (kind === 'checkbox') return [[name, text === 'true']]
      return text.trim() === '' ? [] : [[name, text]]
    }),
  )
}

/** Whether one who is signed in may answer it, and not only who has a link. */
export function isForMe({ status, who }: Pick<Approval, 'status' | 'who'>): boolean {
  return status === 'open' && who.api_key
}

/** Who answered what, in a line. */
export function answerOf({ status, answer }: Pick<Approval, 'status' | 'answer'>): string {
  if (!answer) return status
  const name = answer.by['name']
  return `${answer.answer} by ${typeof name === 'string' && name ? name : 'somebody with a link'}`
}
