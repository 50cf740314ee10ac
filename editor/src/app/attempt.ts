import { useState } from 'react'

import { ApiError } from '../api/client'

export interface Attempting {
  /** Why the last attempt was refused, if it was. */
  error: ApiError | null
  attempt: (work: () => Promise<unknown>) => Promise<void>
}

/** For what a person does and the server may refuse. */
export function useAttempt(): Attempting {
  const [error, setError] = useState<ApiError | null>(null)
  const attempt = async (work: () => Promise<unknown>) => {
    try {
      await work()
      setError(null)
    } catch (refused) {
      setError(ApiError.of(refused))
    }
  }
  return { error, attempt }
}
