import { nodeTypes, whoAmI } from '../api/calls'
import { ApiError } from '../api/client'
import { apiKey, lastWorkspace, rememberWorkspace, workspaceInAddress } from '../api/session'
import type { AnsweredMe, Me, NodeType } from '../api/types'
import { inWorkspace, replaceAddress } from './router'
import { who } from './who'
import type { Permission } from './who'

export interface Begun {
  me: Me
  types: NodeType[]
}

/** Asks who one is and what there is to build with; the address names the workspace from then on. */
export async function begin(): Promise<Begun> {
  const me = completed(await whoAmI().catch(forgetful))
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
async function forgetful(error: unknown): Promise<AnsweredMe> {
  const isRemembered = apiKey() === null && workspaceInAddress() === null && lastWorkspace() !== null
  if (!isRemembered || ApiError.of(error).status !== 404) throw error
  rememberWorkspace(null)
  return whoAmI()
}

/** A server from before there were users says which workspace a key opens, and nothing else. */
function completed(me: AnsweredMe): Me {
  if (me.permissions) return me as Me
  const permissions = apiKey() ? EVERYTHING : []
  return { ...me, kind: apiKey() ? 'key' : 'machine', user: null, key: null, role: null, permissions, workspaces: [] }
}

const EVERYTHING: Permission[] = [
  'workspace.read',
  'workspace.write',
  'workflows.read',
  'workflows.write',
  'workflows.publish',
  'executions.read',
  'executions.start',
  'executions.operate',
  'approvals.answer',
  'events.write',
  'credentials.read',
  'credentials.write',
  'credentials.use',
  'webhooks.read',
  'webhooks.write',
  'triggers.read',
  'triggers.write',
  'members.read',
  'members.write',
  'keys.read',
  'keys.write',
  'usage.read',
  'audit.read',
]
