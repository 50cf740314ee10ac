import { useStore } from '../app/store'
import type { SaveState } from '../draft/draft'
import { Icon } from '../ui/icon'
import type { IconName } from '../ui/icon'
import type { Editing } from './editing'

/** Whether the server has what is drawn: never more than is known. */
export function SaveStatus({ editing }: { editing: Editing }) {
  const save = useStore(editing.draft, (state) => state.save)
  const [icon, words, tone, more] = told(save, editing.isReadOnly)
  return (
    <span className="save-status" data-tone={tone} role="status" title={more} data-testid="save-status">
      <Icon name={icon} />
      {words}
    </span>
  )
}

function told(save: SaveState, isReadOnly: boolean): [IconName, string, string, string] {
  if (isReadOnly) return ['sign', 'For looking only', 'quiet', 'You may not change it, or are not signed in']
  switch (save.kind) {
    case 'saved':
      return ['check', 'Saved', 'quiet', 'The server has everything']
    case 'changed':
      return [
        'dash',
        'Not saved yet',
        'quiet',
        'It is saved half a second after the last change; the browser keeps it until then',
      ]
    case 'saving':
      return ['retry', 'Saving…', 'quiet', 'The server was asked to save it, and has not answered yet']
    case 'waiting':
      return [
        'warn',
        save.error.status === 401 ? 'Not saved: signed out' : 'Not saved: no answer',
        'warn',
        `${save.error.detail}. The browser keeps it, and tries again.`,
      ]
    case 'refused':
      return ['warn', 'Not saved', 'wrong', `${save.error.detail}: ${save.error.hint}. The browser keeps it.`]
    case 'conflict':
      return ['warn', 'Not saved: changed elsewhere', 'wrong', 'Say below which version counts']
  }
}
