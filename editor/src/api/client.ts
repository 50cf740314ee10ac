/** One request: the key goes along, and what comes back is JSON or an `ApiError`. */

import { auth } from './session'
import type { Problem } from './types'

const ROOT = '/api/v1'

/** A refusal, as problem details tell it; status 0 if the server did not answer at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly hint: string,
    readonly errors: Problem[] = [],
    readonly requestId: string = '',
    /** Seconds after which it is worth another try, if the server says so. */
    readonly retryAfterS: number | null = null,
  ) {
    super(detail)
  }

  /** Refused for what one may not do, rather than for what one said. */
  get isForbidden(): boolean {
    return this.status === 403
  }

  get isOffline(): boolean {
    return this.status === 0 || this.status === 503
  }

  static of(error: unknown): ApiError {
    if (error instanceof ApiError) return error
    return new ApiError(0, 'no_answer', 'the server does not answer', 'check the connection; nothing is lost here')
  }
}

export interface Ask {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
}

type Listener = () => void
const listeners = new Set<Listener>()

/** Has `listener` hear when a request was refused because nobody is signed in, or not any more. */
export function onSignedOut(listener: Listener): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export async function ask<T>(path: string, { method = 'GET', body, headers = {}, signal }: Ask = {}): Promise<T> {
  const init: RequestInit = { method, headers: { accept: 'application/json', ...auth(), ...headers } }
  if (signal) init.signal = signal
  if (body !== undefined) {
    init.body = JSON.stringify(body)
    init.headers = { ...init.headers, 'content-type': 'application/json' }
  }
  const response = await fetch(ROOT + path, init).catch((error: unknown) => {
    if (signal?.aborted) throw error
    throw ApiError.of(error)
  })
  const content = await response.text()
  if (!response.ok) {
    const refused = refusal(response, content)
    if (refused.status === 401 && refused.code !== 'wrong_login') for (const listener of [...listeners]) listener()
    throw refused
  }
  return (content ? JSON.parse(content) : undefined) as T
}

function refusal({ status, headers }: Response, content: string): ApiError {
  const after = Number.parseInt(headers.get('retry-after') ?? '', 10)
  try {
    const told = JSON.parse(content) as Record<string, unknown>
    const word = (name: string) => (typeof told[name] === 'string' ? told[name] : '')
    const errors = Array.isArray(told['errors']) ? (told['errors'] as Problem[]) : []
    return new ApiError(
      status,
      word('code'),
      word('detail'),
      word('hint'),
      errors,
      word('request_id'),
      Number.isNaN(after) ? null : after,
    )
  } catch {
    return new ApiError(status, 'unreadable', `the server answered ${status}`, 'try again in a moment')
  }
}

/** What a page of this server tells everybody who asks for JSON, whether signed in or not. */
export async function askInPublic<T>(url: string): Promise<T> {
  const init: RequestInit = { headers: { accept: 'application/json' }, credentials: 'omit' }
  const response = await fetch(url, init).catch((error: unknown) => {
    throw ApiError.of(error)
  })
  const content = await response.text()
  if (!response.ok) throw refusal(response, content)
  return JSON.parse(content) as T
}
