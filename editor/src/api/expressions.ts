/** Expressions are evaluated by the engine, never in the browser. */

import { ask } from './client'
import type { components } from './generated'

export type PreviewWish = components['schemas']['PreviewExpression']
export type Previewed = components['schemas']['PreviewedExpression']

export const previewExpression = (wish: PreviewWish, signal: AbortSignal) =>
  ask<Previewed>('/expressions/preview', { method: 'POST', body: wish, signal })
