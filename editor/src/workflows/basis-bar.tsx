import { Link } from '../app/link'
import { setQuery, to } from '../app/router'
import { useStore } from '../app/store'
import { Icon } from '../ui/icon'
import { IconButton } from '../ui/icon-button'
import { StatusChip } from '../ui/status'
import { dateTime } from '../ui/time'
import { pinnable } from './basis'
import type { Editing } from './editing'

/** Says whose data one works with. */
export function BasisBar({ editing }: { editing: Editing }) {
  const basis = useStore(editing, (state) => state.basis)
  const graph = useStore(editing.draft, (state) => state.history.present)
  if (!basis) return null
  const outputs = pinnable(basis, graph, editing.catalogue)
  const leave = () => {
    editing.set({ basis: null })
    setQuery('execution', '')
  }
  return (
    <section className="basis" aria-label="Data of an execution" data-testid="basis">
      <Icon name="data" />
      <p>
        With the data of the <Link href={to.execution(basis.id)}>execution of {dateTime(basis.created_at)}</Link>{' '}
        <StatusChip status={basis.status} />
      </p>
      <button type="button" disabled={editing.isReadOnly || outputs.size === 0} onClick={() => editing.pinAll(outputs)}>
        <Icon name="pin" /> Pin what {outputs.size === 1 ? '1 step' : `${outputs.size} steps`} gave
      </button>
      <button type="button" disabled={editing.isReadOnly} onClick={() => editing.ask({ what: 'try' })}>
        <Icon name="play" /> Try the draft with it
      </button>
      <IconButton icon="close" label="Leave its data" onClick={leave} />
    </section>
  )
}
