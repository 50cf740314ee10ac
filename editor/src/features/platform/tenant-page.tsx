import { useState } from 'react'

import { constants } from '../../api/constants'
import { moveTenant, tenantOf } from '../../api/platform'
import type { TenantMove, TenantWhole } from '../../api/platform'
import { useAttempt } from '../../app/attempt'
import { Link } from '../../app/link'
import { useLoad } from '../../app/load'
import { to } from '../../app/router'
import { useTitle } from '../../app/title'
import { Chip } from '../../ui/chip'
import { Fact, Facts } from '../../ui/facts'
import { Failure } from '../../ui/failure'
import { TextField } from '../../ui/field'
import { FormDialog } from '../../ui/form-dialog'
import { Icon } from '../../ui/icon'
import { List } from '../../ui/listing'
import { dateTime } from '../../ui/time'
import { Assigned } from './assigned'
import { STATE_TONES, movesOf } from './moves'
import type { Move } from './moves'

/** One tenant: how it stands, how it came to that, and what can be done with it. */
export function TenantPage({ id }: { id: string }) {
  const loaded = useLoad(() => tenantOf(id), `tenant ${id}`, 5_000)
  const [asked, setAsked] = useState<Move | null>(null)
  const tenant = loaded.value
  useTitle(tenant?.name ?? 'Tenant')
  if (!tenant) return loaded.error && <Failure error={loaded.error} onRetry={loaded.reload} />
  return (
    <main className="listing">
      <header className="page-head">
        <Link className="back" href={to.tenants()} aria-label="All tenants">
          <Icon name="back" />
        </Link>
        <h1>{tenant.name}</h1>
        <Chip tone={STATE_TONES[tenant.state]}>{tenant.state}</Chip>
        {movesOf(tenant.state).map((move) => (
          <button key={move.verb} type="button" onClick={() => setAsked(move)}>
            {move.label}…
          </button>
        ))}
      </header>
      {tenant.state_reason && <p className="notice">{tenant.state_reason}</p>}
      <About tenant={tenant} />
      <Assigned key={tenant.id} id={tenant.id} />
      <h2>What became of it</h2>
      <List<TenantMove>
        label="What became of it"
        items={tenant.history}
        error={null}
        onRetry={loaded.reload}
        keyOf={(move) => `${move.at} ${move.to}`}
        empty={<p>Nothing yet.</p>}
        columns={[
          { head: 'When', isFit: true, cell: (move) => dateTime(move.at) },
          { head: 'What', cell: (move) => `${move.from} → ${move.to}` },
          { head: 'Why', cell: (move) => move.reason ?? '' },
          { head: 'By', cell: (move) => move.by },
        ]}
      />
      {asked && <MoveDialog tenant={tenant} move={asked} onDone={loaded.reload} onClose={() => setAsked(null)} />}
    </main>
  )
}

function About({ tenant }: { tenant: TenantWhole }) {
  return (
    <section className="section" aria-label="Settings">
      <h2>Settings</h2>
      <Facts>
        <Fact name="Address">{tenant.slug}</Fact>
        <Fact name="Plan">{tenant.plan}</Fact>
        <Fact name="Where its rows are">{tenant.placement}</Fact>
        <Fact name="As it is since">{dateTime(tenant.state_changed_at)}</Fact>
        <Fact name="Made">{dateTime(tenant.created_at)}</Fact>
      </Facts>
    </section>
  )
}

interface MoveProps {
  tenant: TenantWhole
  move: Move
  onDone: () => void
  onClose: () => void
}

function MoveDialog({ tenant, move, onDone, onClose }: MoveProps) {
  const [reason, setReason] = useState('')
  const { error, isBusy, attempt } = useAttempt()
  const submit = () =>
    void attempt(async () => {
      await moveTenant(tenant.id, move.verb, reason.trim())
      onDone()
      onClose()
    })
  return (
    <FormDialog
      title={`${move.label} ${tenant.name}?`}
      submit={move.label}
      isDanger={move.verb !== 'resume'}
      isOff={isBusy}
      error={error}
      codes={{ reason: ['reason_required', 'bad_reason'] }}
      onSubmit={submit}
      onClose={onClose}
    >
      <p>{move.follows}</p>
      <TextField
        label="Why"
        name="reason"
        required={move.needsReason}
        maxLength={constants.move_reason.chars_max}
        value={reason}
        onText={setReason}
      />
    </FormDialog>
  )
}
