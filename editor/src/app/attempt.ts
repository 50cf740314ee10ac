import { useState } from 'react'

import { ApiError } from '../api/client'

export interface Attempting {
  /** Why the last attempt was refused, if it was. */
  error: ApiError | null
  /** Whether one is under way: what is attempted by a button is attempted once. */
  isBusy: boolean
  attempt: (work: () => Promise<unknown>) => Promise<void>
}

/** For what a person does and the server may refuse. */
export function useAttempt(): Attempting {
  const [error, setError] = useState<ApiError | null>(null)
  const [isBusy, setBusy] = useState(false)
  const attempt = async (work: () => Promise<unknown>) => {
    setBusy(true)
    try {
      await work()
      setError(null)
    } catch (refused) {
      setError(ApiError.of(refused))
    } finally {
      setBusy(false)
    }
  }
  return { error, isBusy, attempt }
}
