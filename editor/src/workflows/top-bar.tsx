import { useStore } from '../app/store'
import { Link } from '../app/link'
import { to } from '../app/router'
import { useTitle } from '../app/title'
import { useCan } from '../app/who'
import { redoLabel, undoLabel } from '../document/history'
import { Icon } from '../ui/icon'
import { IconButton } from '../ui/icon-button'
import type { Editing } from './editing'
import { Title } from './renaming'
import { SaveStatus } from './save-status'
import { saveAsFile } from './saved'

/** Name, state, and what can be done with the whole. */
export function TopBar({ editing }: { editing: Editing }) {
  const { draft, isReadOnly } = editing
  useTitle(useStore(draft, (state) => state.name))
  const history = useStore(draft, (state) => state.history)
  const published = useStore(draft, (state) => state.published)
  const [mayStart, mayPublish] = [useCan('executions.start'), useCan('workflows.publish')]
  const [back, forth] = [undoLabel(history), redoLabel(history)]
  return (
    <header className="top-bar">
      <Title editing={editing} />
      <button
        type="button"
        className="version"
        title="Versions, and the way back to them"
        onClick={() => editing.ask({ what: 'versions' })}
      >
        {published === null ? 'draft' : `version ${published}`}
      </button>
      <SaveStatus editing={editing} />
      <span className="spacer" />
      <IconButton
        icon="undo"
        label={back === null ? 'Nothing to undo' : `Undo: ${back}`}
        isOff={back === null}
        onClick={() => editing.undo()}
      />
      <IconButton
        icon="redo"
        label={forth === null ? 'Nothing to redo' : `Redo: ${forth}`}
        isOff={forth === null}
        onClick={() => editing.redo()}
      />
      <IconButton icon="find" label="Find a step (Ctrl-F)" onClick={() => editing.ask({ what: 'find' })} />
      <IconButton icon="tidy" label="Tidy up (T)" isOff={isReadOnly} onClick={() => editing.tidy()} />
      <IconButton icon="export" label="Save as a file, without secrets" onClick={() => void saveAsFile(editing)} />
      <IconButton icon="help" label="Keys (?)" onClick={() => editing.ask({ what: 'help' })} />
      <span className="divider" />
      <Link className="button" href={to.executions({ workflow: draft.id })}>
        Executions
      </Link>
      <button type="button" disabled={isReadOnly} onClick={() => editing.ask({ what: 'try' })}>
        <Icon name="bug" /> Try out
      </button>
      <button type="button" disabled={!mayStart || published === null} onClick={() => editing.ask({ what: 'run' })}>
        <Icon name="play" /> Run
      </button>
      <button type="button" className="primary" disabled={!mayPublish} onClick={() => editing.ask({ what: 'publish' })}>
        Publish
      </button>
    </header>
  )
}
