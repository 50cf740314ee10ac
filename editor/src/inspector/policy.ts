/** `data.policy` as a schema, so that it has the same form. Its words are those of docs/states.md. */

import type { Json } from './schema'

const wholeNumber = { type: 'integer', minimum: 0 }

export const POLICY: Json = {
  type: 'object',
  properties: {
    timeout_ms: { ...wholeNumber, description: 'Longest time of one attempt in milliseconds; a minute if absent.' },
    retry: {
      type: 'object',
      properties: {
        attempts_max: { ...wholeNumber, default: 3, description: 'All attempts together, the first included.' },
        delay_ms: { ...wholeNumber, default: 1_000, description: 'Before the second attempt.' },
        factor: { type: 'number', default: 2, description: 'Each further delay is so many times the one before.' },
        delay_ms_max: { ...wholeNumber, default: 3_600_000, description: 'No delay is longer.' },
        jitter: { type: 'number', default: 0.2, description: 'Share of a delay that is drawn at random, 0 to 1.' },
        classes: {
          type: 'array',
          items: { type: 'string' },
          description: 'Only these error classes are tried again; all that may be if empty.',
        },
      },
    },
    on_error: {
      enum: ['fail', 'continue'],
      default: 'fail',
      description:
        'What a failure means that no error edge takes: it fails what is around the step, or it goes on with null.',
    },
    join: {
      enum: ['all', 'any', 'n_of_m'],
      default: 'all',
      description: 'Of several edges into the step: wait for all, go on at the first, or at the n-th that is taken.',
    },
    n: { ...wholeNumber, description: 'With n_of_m: how many.' },
    cancel_others: {
      type: 'boolean',
      default: false,
      description: 'Once it goes on, what only led here is cancelled.',
    },
    at_most_once: {
      type: 'boolean',
      default: false,
      description: 'An attempt whose end is not known is never repeated: a person says how it goes on.',
    },
    finally: {
      type: 'boolean',
      default: false,
      description: 'Runs at last, however the rest ended. It has no edges into it.',
    },
  },
}
