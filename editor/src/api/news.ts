/** What one was told, of what one wants mails, and settings of the workspace that say what its people are told. */

import { ask } from './client'
import { boolean, list, map, nullable, number, object, text } from './shape'
import type { TypeOf } from './shape'
import type { Page } from './types'

export const newsItem = object({
  id: text,
  kind: text,
  /** Null for matters of the platform. */
  workspace: nullable(text),
  summary: text,
  /** Where to look, below the editor; empty for nowhere. */
  page: text,
  created_at: text,
  read_at: nullable(text),
})
export const newsPage = object({ items: list(newsItem), next_cursor: nullable(text), unread: number })
export const preference = object({ kind: text, about: text, mail: boolean })
export const workspaceSettings = object({
  time_zone: text,
  notifications: map(boolean),
  updated_by: nullable(text),
  updated_at: nullable(text),
})

export type NewsItem = TypeOf<typeof newsItem>
export type Preference = TypeOf<typeof preference>
export type WorkspaceSettings = TypeOf<typeof workspaceSettings>
type NewsPage = Page<NewsItem> & { unread: number }

export const news = (cursor: string | null) =>
  ask<NewsPage>(`/notifications?limit=20${cursor === null ? '' : `&cursor=${cursor}`}`)
export const countUnread = async () => (await ask<NewsPage>('/notifications?limit=1&unread=true')).unread
/** Without ids, all. */
export const readNews = (ids?: string[]) =>
  ask<{ unread: number }>('/notifications/read', { method: 'POST', body: ids ? { ids } : {} })
export const preferences = () => ask<{ items: Preference[] }>('/notification-preferences')
export const prefer = (kind: string, mail: boolean) =>
  ask<Preference>(`/notification-preferences/${kind}`, { method: 'PUT', body: { mail } })
export const workspaceSettingsOf = () => ask<WorkspaceSettings>('/workspace/settings')
export const changeWorkspaceSettings = (wish: { time_zone: string; notifications: Record<string, boolean> }) =>
  ask<WorkspaceSettings>('/workspace/settings', { method: 'PUT', body: wish })
