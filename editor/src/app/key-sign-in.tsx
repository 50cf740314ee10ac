import { useState } from 'react'
import type { FormEvent } from 'react'

import { whoAmI } from '../api/calls'
import { ApiError } from '../api/client'
import { forgetKey, keepKey } from '../api/session'
import { Failure } from '../ui/failure'

/** Asks for an API key, and keeps it if it opens something. */
export function KeySignIn({ onDone }: { onDone: () => void }) {
  const [key, setKey] = useState('')
  const [error, setError] = useState<ApiError | null>(null)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    keepKey(key.trim())
    try {
      await whoAmI()
      onDone()
    } catch (refused) {
      forgetKey()
      setError(ApiError.of(refused))
    }
  }
  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <label className="field">
        <span>API key</span>
        <input
          type="password"
          value={key}
          autoComplete="off"
          spellCheck={false}
          placeholder="cap_…"
          required
          autoFocus
          onChange={(event) => setKey(event.target.value)}
        />
      </label>
      {error && <Failure error={error} />}
      <p className="faint">
        <code>capstan key create</code> makes one; <code>capstan dev</code> prints one at its start. It is kept until
        this tab is closed.
      </p>
      <button className="primary">Sign in</button>
    </form>
  )
}
