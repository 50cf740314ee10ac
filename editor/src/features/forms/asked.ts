/** What a form asks for, in words. */

import type { FormPage } from '../../api/forms'

export interface AskedField {
  name: string
  label: string
  /** `select of small, large`. */
  kind: string
  isNeeded: boolean
}

/** More choices are counted. */
const CHOICES_MAX = 4

export function asked({ fields }: Pick<FormPage, 'fields'>): AskedField[] {
  return fields.map((field) => {
    const name = String(field['name'] ?? '')
    const kind = typeof field['type'] === 'string' ? field['type'] : 'text'
    return {
      name,
      label: String(field['label'] ?? name),
      kind: kind + choices(field),
      isNeeded: field['required'] === true,
    }
  })
}

function choices({ options }: Record<string, unknown>): string {
  if (!Array.isArray(options) || options.length === 0) return ''
  const shown = options.slice(0, CHOICES_MAX).map(String).join(', ')
  return ` of ${shown}${options.length > CHOICES_MAX ? ` and ${options.length - CHOICES_MAX} more` : ''}`
}
