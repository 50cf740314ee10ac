/** People, sessions, keys and what was done: requests and shapes. */

import { ask } from './client'
import { anything, boolean, list, nullable, number, object, oneOf, text } from './shape'
import type { TypeOf } from './shape'
import { role } from './types'
import type { Me, Page, Role } from './types'

export const offer = object({
  sign_up: boolean,
  mail: boolean,
  /** What everybody is to be shown; null for nothing. */
  notice: nullable(text),
  support_address: nullable(text),
  password: object({ chars_min: number, chars_max: number }),
})
/** Where one may log in beside here; `path` is an address of this server for the browser itself. */
export const loginProvider = object({ id: text, name: text, path: text })
export const session = object({
  id: text,
  current: boolean,
  created_at: text,
  last_seen_at: text,
  expires_at: text,
  address: nullable(text),
  user_agent: nullable(text),
})
export const member = object({ user_id: text, email: text, name: text, role, joined_at: text })
export const invitation = object({
  id: text,
  email: text,
  role,
  invited_by: nullable(text),
  created_at: text,
  expires_at: text,
})
export const key = object({
  id: text,
  name: text,
  prefix: text,
  scopes: nullable(list(text)),
  created_at: text,
  expires_at: nullable(text),
  last_used_at: nullable(text),
  revoked_at: nullable(text),
  created_by: nullable(text),
})
/** A member that differs after a change; null where it was not there, or is there no more. */
export const auditChange = object({ path: text, before: anything, after: anything })
export const auditEntry = object({
  id: text,
  at: text,
  by: object({ kind: text, id: nullable(text), name: nullable(text) }),
  action: text,
  subject: text,
  status: number,
  address: nullable(text),
  request_id: nullable(text),
  changes: nullable(list(auditChange)),
})

export type Offer = TypeOf<typeof offer>
export type LoginProvider = TypeOf<typeof loginProvider>
export type Session = TypeOf<typeof session>
export type Member = TypeOf<typeof member>
export type Invitation = TypeOf<typeof invitation>
export type Key = TypeOf<typeof key>
export type AuditChange = TypeOf<typeof auditChange>
export type AuditEntry = TypeOf<typeof auditEntry>

/** What a link in a mail is for; looking at it changes nothing. */
export interface MailLink {
  kind: 'sign_up' | 'reset' | 'invitation'
  email: string
  expires_at: string
  workspace?: { slug: string; name: string }
  role?: Role
  has_account?: boolean
}
export const linkKind = oneOf('sign_up', 'reset', 'invitation')

const post = <T>(path: string, body: object = {}) => ask<T>(path, { method: 'POST', body })
const remove = (path: string) => ask<undefined>(path, { method: 'DELETE' })

export const whatIsOffered = () => ask<Offer>('/access')
export const loginProviders = () => ask<{ items: LoginProvider[] }>('/login-providers')
export const logIn = (email: string, password: string) => post<Me>('/session', { email, password })
export const logOut = () => remove('/session')
export const signUp = (email: string) => post<object>('/sign-up', { email })
export const completeSignUp = (wish: {
  token: string
  name: string
  password: string
  workspace: { slug: string; name: string }
}) => post<Me>('/sign-up/complete', wish)
export const forgotPassword = (email: string) => post<object>('/password/forgot', { email })
export const resetPassword = (token: string, password: string) =>
  post<undefined>('/password/reset', { token, password })
export const lookAtLink = (token: string) => post<MailLink>('/mail-links/look', { token })
export const acceptInvitation = (wish: { token: string; name?: string; password?: string }) =>
  post<Me>('/invitations/accept', wish)

export const sessions = () => ask<{ items: Session[] }>('/sessions')
export const endSession = (id: string) => remove(`/sessions/${id}`)
export const endOtherSessions = () => remove('/sessions')
export const changePassword = (current_password: string, password: string) =>
  ask<undefined>('/me/password', { method: 'PUT', body: { current_password, password } })
export const changeName = (name: string) => ask<undefined>('/me', { method: 'PUT', body: { name } })

export const members = () => ask<{ items: Member[] }>('/members')
export const changeRole = (userId: string, role: Role) =>
  ask<undefined>(`/members/${userId}`, { method: 'PUT', body: { role } })
export const removeMember = (userId: string) => remove(`/members/${userId}`)
export const leaveWorkspace = () => post<undefined>('/members/leave')
export const handOver = (userId: string) => post<undefined>('/workspace/transfer', { user_id: userId })
export const invitations = () => ask<{ items: Invitation[] }>('/invitations')
export const invite = (email: string, role: Role) => post<Invitation>('/invitations', { email, role })
export const withdrawInvitation = (id: string) => remove(`/invitations/${id}`)

export const keys = () => ask<{ items: Key[] }>('/keys')
export const makeKey = (wish: { name: string; scopes?: string[]; expires_at?: string }) =>
  post<Key & { key: string }>('/keys', wish)
export const revokeKey = (id: string) => remove(`/keys/${id}`)

export const audit = (cursor: string | null) =>
  ask<Page<AuditEntry>>(`/audit?limit=50${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`)
