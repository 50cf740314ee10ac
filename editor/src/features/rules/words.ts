import type { Condition, Operator, Rule } from '../../api/rules'
import type { Tone } from '../../ui/chip'
import { ALONE, written } from './form-values'

export const OPERATORS: readonly (readonly [Operator, string])[] = [
  ['eq', 'is'],
  ['ne', 'is not'],
  ['gt', 'is more than'],
  ['ge', 'is at least'],
  ['lt', 'is less than'],
  ['le', 'is at most'],
  ['contains', 'contains'],
  ['one_of', 'is one of'],
  ['exists', 'is there'],
  ['missing', 'is not there'],
]

const WORDS = new Map(OPERATORS)

/** How a rule stands. */
export function standingOf({ enabled, edited_by_hand }: Pick<Rule, 'enabled' | 'edited_by_hand'>): [Tone, string] {
  if (!enabled) return ['quiet', 'disabled']
  return edited_by_hand ? ['wait', 'by hand'] : ['good', 'enabled']
}

/** Conditions as a sentence would have them. */
export function inWords(condition: Condition): string {
  const parts = condition.all ?? condition.any
  if (!parts) return comparison(condition)
  const joint = condition.all ? ' and ' : ' or '
  return parts
    .map((part) => (part.field === undefined && parts.length > 1 ? `(${inWords(part)})` : inWords(part)))
    .join(joint)
}

function comparison({ field = '', op = 'exists', value }: Condition): string {
  const words = `${field.replace(/^data\./, '')} ${WORDS.get(op) ?? op}`
  return ALONE.includes(op) ? words : `${words} ${written(value)}`
}
