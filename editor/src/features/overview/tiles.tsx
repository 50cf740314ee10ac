import type { ReactNode } from 'react'

import type { Day } from '../../api/stats'
import { Link } from '../../app/link'
import { to } from '../../app/router'
import { figure, percent } from '../../ui/figure'
import type { Sums } from './figures'

interface Props {
  sums: Sums
  /** Null if nothing was counted of it. */
  today: Day | null
  range: string
}

/** The figures that one looks at first, each with the way to what is behind it. */
export function Tiles({ sums, today, range }: Props) {
  const within = `in ${range} days`
  return (
    <dl className="tiles" data-testid="tiles">
      <Tile name="Started today" about={<Link href={to.executions()}>Executions</Link>}>
        {figure(today?.executions.started ?? 0)}
      </Tile>
      <Tile name="Not ended yet" about={<Link href={to.executions({ status: 'running' })}>Those that run now</Link>}>
        {figure(sums.open)}
      </Tile>
      <Tile name="Success" about={within}>
        {sums.success === null ? '–' : percent(sums.success)}
      </Tile>
      <Tile name="Failed" about={<Link href={to.failures()}>{within}</Link>} isBad={sums.failed > 0}>
        {figure(sums.failed)}
      </Tile>
      <Tile name="E-mails sent" about={within}>
        {figure(sums.emails)}
      </Tile>
      <Tile name="Leads made" about={<Link href={to.leads()}>{within}</Link>}>
        {figure(sums.leads)}
      </Tile>
    </dl>
  )
}

interface TileProps {
  name: string
  about: ReactNode
  isBad?: boolean
  children: string
}

function Tile({ name, about, isBad = false, children }: TileProps) {
  return (
    <div className="tile">
      <dt>{name}</dt>
      <dd>
        <strong className={isBad ? 'bad' : ''}>{children}</strong> <span className="faint">{about}</span>
      </dd>
    </div>
  )
}
