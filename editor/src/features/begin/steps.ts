/** The first steps of a workspace, and which of them are done. */

import type { Permission } from '../../app/who'

export interface Facts {
  workflows: readonly { published: number | null }[]
  executions: number
  people: number
}

export interface FirstStep {
  id: 'draw' | 'publish' | 'run' | 'invite'
  words: string
  isDone: boolean
}

/** Only steps that one may do; nothing once all of them are done. */
export function firstSteps(facts: Facts, may: (permission: Permission) => boolean): FirstStep[] {
  const all: [FirstStep, Permission][] = [
    [{ id: 'draw', words: 'Begin a workflow', isDone: facts.workflows.length > 0 }, 'workflows.write'],
    [
      { id: 'publish', words: 'Publish it', isDone: facts.workflows.some(({ published }) => published !== null) },
      'workflows.publish',
    ],
    [{ id: 'run', words: 'See it run', isDone: facts.executions > 0 }, 'executions.start'],
    [{ id: 'invite', words: 'Invite somebody', isDone: facts.people > 1 }, 'members.write'],
  ]
  const steps = all.filter(([, needs]) => may(needs)).map(([step]) => step)
  return steps.every((step) => step.isDone) ? [] : steps
}
