import { useEffect } from 'react'

import { useStore } from '../app/store'
import { Dialog } from '../ui/dialog'
import type { Editing } from './editing'
import { Find } from './find'
import { HELP } from './keys'
import { MergeDialog } from './merge-dialog'
import { PublishDialog } from './publish-dialog'
import { QuickAdd } from './quick-add'
import { RunDialog } from './run-dialog'
import { TryDialog } from './try-dialog'
import { VersionsDialog } from './versions-dialog'

/** What is open on top of the editor. */
export function Asked({ editing }: { editing: Editing }) {
  const asking = useStore(editing, (state) => state.asking)
  const close = () => editing.ask(null)
  useEffect(() => {
    if (asking === null) document.querySelector<HTMLElement>('.canvas')?.focus()
  }, [asking])
  switch (asking?.what) {
    case 'insert':
      return <QuickAdd editing={editing} where={asking.where} onClose={close} />
    case 'find':
      return <Find editing={editing} onClose={close} />
    case 'publish':
      return <PublishDialog editing={editing} onClose={close} />
    case 'run':
      return <RunDialog editing={editing} onClose={close} />
    case 'try':
      return <TryDialog editing={editing} onClose={close} />
    case 'merge':
      return <MergeDialog editing={editing} onClose={close} />
    case 'versions':
      return <VersionsDialog editing={editing} onClose={close} />
    case 'help':
      return <Keys onClose={close} />
    default:
      return null
  }
}

function Keys({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="keys">
        {HELP.map(([key, what]) => (
          <div key={key}>
            <dt>{key}</dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
