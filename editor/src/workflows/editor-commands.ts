/** What can be done in the editor, and gone to on its canvas, by typing. */

import type { Command } from '../app/commands'
import { navigate, to } from '../app/router'
import { can } from '../app/who'
import { redoLabel, undoLabel } from '../document/history'
import type { IconName } from '../ui/icon'
import type { Editing } from './editing'
import { spotsOf } from './find'
import { saveAsFile } from './saved'

export function editorCommands(editing: Editing): Command[] {
  return [...actionsOf(editing), ...spotsOf(editing).map((spot) => toSpot(editing, spot))]
}

function toSpot(editing: Editing, { key, label, about, icon }: ReturnType<typeof spotsOf>[number]): Command {
  const run = () => {
    editing.goTo(key)
    // The list gives the focus back first.
    requestAnimationFrame(() => document.querySelector<HTMLElement>('.canvas')?.focus())
  }
  return { key: `spot ${key}`, label, about: `On the canvas, ${about}`, icon, run }
}

/** Each only where it can be done. */
function actionsOf(editing: Editing): Command[] {
  const { draft, isReadOnly } = editing
  const { history, published } = draft.get()
  const after = editing.chosenStep
  const [back, forth] = [undoLabel(history), redoLabel(history)]
  const one = (is: boolean, label: string, about: string, icon: IconName, run: () => void): Command[] =>
    is ? [{ key: `do ${label}`, label, about, icon, run }] : []
  const ask = (what: 'publish' | 'rename' | 'run' | 'try' | 'versions' | 'find' | 'help') => () => editing.ask({ what })
  const mayEdit = !isReadOnly
  return [
    ...one(can('workflows.publish'), 'Publish', 'Ctrl-Enter', 'check', ask('publish')),
    ...one(can('executions.start') && published !== null, 'Run', 'What is published', 'play', ask('run')),
    ...one(mayEdit, 'Try out', 'R', 'bug', ask('try')),
    ...one(mayEdit, 'Add a step', 'A', 'add', () =>
      editing.ask({ what: 'insert', where: after === null ? {} : { after } }),
    ),
    ...one(mayEdit, 'Add a note', 'N', 'note', () => editing.notes.add()),
    ...one(mayEdit && back !== null, `Undo: ${back}`, 'Ctrl-Z', 'undo', () => editing.undo()),
    ...one(mayEdit && forth !== null, `Redo: ${forth}`, 'Ctrl-Shift-Z', 'redo', () => editing.redo()),
    ...one(mayEdit, 'Rename the workflow', 'F2', 'pencil', ask('rename')),
    ...one(mayEdit, 'Tidy up', 'T', 'tidy', () => editing.tidy()),
    ...one(true, 'Show all', '1', 'fit', () => editing.view?.fit()),
    ...one(true, 'Outline', 'O', 'list', () => editing.set({ panel: 'outline' })),
    ...one(true, 'Versions', 'Compare and take over', 'branch', ask('versions')),
    ...one(true, 'Executions of this workflow', 'Page', 'list', () => navigate(to.executions({ workflow: draft.id }))),
    ...one(true, 'Save as a file', 'Without secrets', 'export', () => void saveAsFile(editing)),
    ...one(true, 'Keys', '?', 'help', ask('help')),
  ]
}
