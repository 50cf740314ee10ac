import type { ApiError } from '../api/client'
import { span } from './time'

/** What went wrong, and what to do. */
export function Failure({ error, onRetry }: { error: ApiError; onRetry?: () => void }) {
  return (
    <div className="failure" role="alert">
      <p>
        <strong>{sentence(error.detail)}</strong> {sentence(error.hint)}
      </p>
      {error.retryAfterS !== null && error.retryAfterS > 0 && <p>Again in {span(error.retryAfterS * 1_000)}.</p>}
      {error.requestId && <p className="faint">Request {error.requestId}</p>}
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  )
}

export function sentence(words: string): string {
  if (!words) return ''
  // Addresses and names of code stay as they are written.
  const first = /^\S*(:\/\/|_|\.\w)/.test(words) ? words.charAt(0) : words.charAt(0).toUpperCase()
  return first + words.slice(1) + (/[.?!]$/.test(words) ? '' : '.')
}
