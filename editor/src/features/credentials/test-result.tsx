import type { Tried } from '../../api/credentials'
import { ApiError } from '../../api/client'
import { Chip } from '../../ui/chip'
import { Failure, sentence } from '../../ui/failure'

export type Outcome = { tried: Tried } | { error: ApiError }

/** Whether a credential opened what it is for. */
export function TestResult({ outcome }: { outcome: Outcome }) {
  if ('error' in outcome) return <Failure error={outcome.error} />
  const { ok, code, detail } = outcome.tried
  return (
    <p role="status">
      <Chip tone={ok ? 'good' : 'bad'}>{ok ? 'works' : (code ?? 'refused').replace(/_/g, ' ')}</Chip> {sentence(detail)}
    </p>
  )
}
