import { nodeTypes, whoAmI } from '../api/calls'
import { ApiError } from '../api/client'
import { apiKey, lastWorkspace, rememberWorkspace, workspaceInAddress } from '../api/session'
import type { Me, NodeType } from '../api/types'
import { inWorkspace, replaceAddress } from './router'
import { who } from './who'

export interface Begun {
  me: Me
  types: NodeType[]
}

/** Asks who one is and what there is to build with; the address names the workspace from then on. */
export async function begin(): Promise<Begun> {
  const me = await whoAmI().catch(forgetful)
  who.set({ me, isOut: false })
  if (me.workspace === null) return { me, types: [] }
  if (me.kind === 'user') {
    rememberWorkspace(me.workspace.slug)
    if (workspaceInAddress() === null && !location.pathname.endsWith('/workspaces'))
      replaceAddress(inWorkspace(me.workspace.slug))
  }
  return { me, types: (await nodeTypes()).items }
}

/** The workspace that was looked at last may be gone, or be another person's. */
async function forgetful(error: unknown): Promise<Me> {
  const isRemembered = apiKey() === null && workspaceInAddress() === null && lastWorkspace() !== null
  if (!isRemembered || ApiError.of(error).status !== 404) throw error
  rememberWorkspace(null)
  return whoAmI()
}
