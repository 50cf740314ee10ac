import { nodeTypes, whoAmI } from '../api/calls'
import { ApiError } from '../api/client'
import { workspaceSettingsOf } from '../api/news'
import { apiKey, lastWorkspace, rememberWorkspace, workspaceInAddress } from '../api/session'
import type { Me, NodeType } from '../api/types'
import { inWorkspace, replaceAddress } from './router'
import { hasPage, may, who } from './who'
import { keepZone } from './zone'

export interface Begun {
  me: Me
  types: NodeType[]
}

/** Asks who one is and what there is to build with; the address names the workspace from then on. */
export async function begin(): Promise<Begun> {
  const me = await whoAmI().catch(forgetful)
  who.set({ me, isOut: false })
  if (me.workspace === null) return { me, types: [] }
  if (may(me, 'workspace.read')) void takeZone()
  if (me.kind === 'user') {
    rememberWorkspace(me.workspace.slug)
    if (workspaceInAddress() === null && !location.pathname.endsWith('/workspaces'))
      replaceAddress(inWorkspace(me.workspace.slug))
  }
  return { me, types: hasPage(me, 'workflows') ? (await nodeTypes()).items : [] }
}

/** Nobody waits for it: until it is there, and where it cannot be had, new schedules are in UTC. */
async function takeZone(): Promise<void> {
  const settings = await workspaceSettingsOf().catch(() => null)
  keepZone(settings?.time_zone ?? 'UTC')
}

/** The workspace that was looked at last may be gone, or be another person's. */
async function forgetful(error: unknown): Promise<Me> {
  const isRemembered = apiKey() === null && workspaceInAddress() === null && lastWorkspace() !== null
  if (!isRemembered || ApiError.of(error).status !== 404) throw error
  rememberWorkspace(null)
  return whoAmI()
}
