/** Credentials: what they are made of, and which there are. What is secret of them never comes back. */

import { ask } from './client'
import { list, maybe, nullable, number, object, oneOf, record, text } from './shape'
import type { TypeOf } from './shape'
import type { Page } from './types'

export const credentialType = object({
  type: text,
  title: text,
  description: text,
  /** JSON Schema of the fields. */
  fields: record,
  secret_fields: list(text),
  /** Node types that take it. */
  fits: list(text),
  /** Where one goes to connect an account in place of writing fields, if that can be done. */
  connect: nullable(text),
})
/** What a provider said of a credential. */
export const credentialTest = object({
  outcome: oneOf('passed', 'refused', 'unclear', 'unreachable', 'not_allowed', 'timed_out', 'unusable'),
  detail: text,
  status_code: nullable(number),
  /** How an answer begins that is no good one. */
  response: nullable(text),
  token_until: nullable(text),
  took_ms: number,
  tested_at: text,
})
export const credential = object({
  id: text,
  name: text,
  type: text,
  allowed_hosts: list(text),
  fields_set: list(text),
  revision: number,
  key_id: text,
  token: nullable(object({ expires_at: nullable(text), refreshed_at: nullable(text) })),
  last_test: nullable(credentialTest),
  created_at: text,
  created_by: nullable(text),
  updated_at: text,
  updated_by: nullable(text),
  /** Only of one that is asked for alone. */
  used_by: maybe(list(object({ workflow_id: text, name: text, number: number }))),
})

export type CredentialType = TypeOf<typeof credentialType>
export type Credential = TypeOf<typeof credential>
export type CredentialTest = TypeOf<typeof credentialTest>

export interface CredentialWish {
  allowed_hosts: string[]
  fields: Record<string, unknown>
}

const post = <T>(path: string, body: object = {}) => ask<T>(path, { method: 'POST', body })

export const credentialTypes = () => ask<{ items: CredentialType[] }>('/credential-types')
export const credentials = (cursor: string | null = null) =>
  ask<Page<Credential>>(`/credentials?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`)
export const credentialOf = (id: string) => ask<Credential>(`/credentials/${id}`)
export const makeCredential = (wish: CredentialWish & { name: string; type: string }) =>
  post<Credential>('/credentials', wish)
export const changeCredential = (id: string, wish: CredentialWish) =>
  ask<Credential>(`/credentials/${id}`, { method: 'PUT', body: wish })
export const renameCredential = (id: string, name: string) => post<Credential>(`/credentials/${id}/rename`, { name })
/** Has a worker try it at its provider: `url` is asked with it, where its type does not say what else. */
export const testCredential = (id: string, url: string) =>
  post<CredentialTest>(`/credentials/${id}/test`, url ? { url } : {})
export const removeCredential = (id: string) => ask<undefined>(`/credentials/${id}`, { method: 'DELETE' })
