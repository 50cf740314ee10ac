import { useState } from 'react'

import { IDS_MAX } from '../../api/bulk'
import type { ExecutionSummary } from '../../api/types'
import { useCan } from '../../app/who'
import { Icon } from '../../ui/icon'
import type { IconName } from '../../ui/icon'
import { AGAIN_MAX } from './again'
import { AgainDialog } from './again-dialog'
import { flippedAll } from './groups'
import type { Chosen } from './groups'
import { OrderDialog } from './order-dialog'
import { ORDERS } from './orders'
import type { Order } from './orders'

interface Props {
  items: readonly ExecutionSummary[]
  chosen: Chosen
  onChoose: (chosen: ReadonlySet<string>) => void
  onOrdered: () => void
}

const BUTTONS: readonly (readonly [Order, IconName, keyof Chosen])[] = [
  ['restart', 'retry', 'failed'],
  ['retry', 'redo', 'incidents'],
  ['cancel', 'stop', 'incidents'],
]

/** What can be done with those that are chosen; each button says for how many. */
export function OrderBar({ items, chosen, onChoose, onOrdered }: Props) {
  const [asked, setAsked] = useState<Order | 'again' | null>(null)
  const mayStart = useCan('executions.start')
  const all = [...chosen.failed, ...chosen.incidents]
  const close = () => setAsked(null)
  const idsOf = (order: Order) => chosen[order === 'restart' ? 'failed' : 'incidents']
  return (
    <>
      <div className="order-bar" role="group" aria-label="With those that are chosen">
        <button type="button" onClick={() => onChoose(flippedAll(new Set(all), items))}>
          {all.length === items.length ? 'Choose none' : 'Choose all'}
        </button>
        <span aria-live="polite">{all.length} chosen</span>
        <span className="spacer" />
        {mayStart && (
          <Do icon="play" words="Run again" count={all.length} most={AGAIN_MAX} onClick={() => setAsked('again')} />
        )}
        {BUTTONS.map(([order, icon, which]) => (
          <Do
            key={order}
            icon={icon}
            words={ORDERS[order].title}
            count={chosen[which].length}
            most={IDS_MAX}
            onClick={() => setAsked(order)}
          />
        ))}
      </div>
      {asked === 'again' && <AgainDialog ids={all} onEnded={onOrdered} onClose={close} />}
      {asked !== null && asked !== 'again' && (
        <OrderDialog order={asked} ids={idsOf(asked)} onOrdered={onOrdered} onClose={close} />
      )}
    </>
  )
}

interface DoProps {
  icon: IconName
  words: string
  count: number
  most: number
  onClick: () => void
}

function Do({ icon, words, count, most, onClick }: DoProps) {
  const isTooMany = count > most
  return (
    <button
      type="button"
      disabled={count === 0 || isTooMany}
      title={isTooMany ? `At most ${most} at a time` : undefined}
      onClick={onClick}
    >
      <Icon name={icon} /> {words}… {count > 0 && `(${count})`}
    </button>
  )
}
