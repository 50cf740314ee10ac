import { useState } from 'react'

import { removeRecordType } from '../../api/records'
import type { RecordTransition, RecordType } from '../../api/records'
import { useCan } from '../../app/who'
import { Confirm } from '../../ui/confirm'
import { Icon } from '../../ui/icon'
import { Table } from '../../ui/table'
import { Diagram } from './diagram'
import { TypeDialog } from './type-dialog'
import { guardsOf, stateOf } from './words'

type Asked = 'new' | 'change' | 'remove'

interface Props {
  type: RecordType
  /** The name of the type that is there now. */
  onChanged: (name: string) => void
}

/** The states of a type as a drawing, and its ways in words; whoever may, defines types here. */
export function States({ type, onChanged }: Props) {
  const mayManage = useCan('records.manage')
  const [asked, setAsked] = useState<Asked | null>(null)
  const close = () => setAsked(null)
  return (
    <section className="section" aria-label={`States of ${type.label}`}>
      <header>
        <h2>
          {type.label} <code className="faint">{type.name}</code>
        </h2>
        {mayManage && (
          <>
            {!type.shipped && (
              <button type="button" onClick={() => setAsked('remove')}>
                <Icon name="trash" /> Take it back…
              </button>
            )}
            <button type="button" onClick={() => setAsked('change')}>
              Change it…
            </button>
            <button type="button" className="primary" onClick={() => setAsked('new')}>
              <Icon name="add" /> Define a type…
            </button>
          </>
        )}
      </header>
      <p className="about">
        {type.shipped ? 'As it is shipped. ' : ''}A new record begins as {stateOf(type, type.initial).label}.
      </p>
      <Diagram type={type} />
      <Ways type={type} />
      {(asked === 'new' || asked === 'change') && (
        <TypeDialog
          of={asked === 'change' ? type : null}
          onPut={(name) => {
            close()
            onChanged(name)
          }}
          onClose={close}
        />
      )}
      {asked === 'remove' && (
        <Confirm
          title={`Take ${type.label} back?`}
          submit="Take it back"
          onConfirm={() => removeRecordType(type.name).then(() => onChanged(''))}
          onClose={close}
        >
          <p>
            The definition goes. A type that is shipped holds again as it is shipped. Records that are in states which
            would be gone keep it.
          </p>
        </Confirm>
      )}
    </section>
  )
}

function Ways({ type }: { type: RecordType }) {
  if (type.transitions.length === 0) return <p className="faint">No way leads from one state to another.</p>
  return (
    <Table<RecordTransition>
      label="Ways"
      items={type.transitions}
      keyOf={({ from, to }) => `${from} ${to}`}
      columns={[
        { head: 'From', cell: ({ from }) => stateOf(type, from).label },
        { head: 'To', cell: ({ to }) => stateOf(type, to).label },
        { head: 'Called', cell: ({ name }) => name ?? '' },
        {
          head: 'On condition',
          cell: (way) => {
            const guards = guardsOf(way)
            return guards.length === 0 ? <span className="faint">none</span> : guards.join(' ')
          },
        },
      ]}
    />
  )
}
