import { usageOf } from '../../api/usage'
import type { Quota, Usage } from '../../api/usage'
import { useLoad } from '../../app/load'
import { Chip } from '../../ui/chip'
import type { Tone } from '../../ui/chip'
import { Failure } from '../../ui/failure'
import { figure, quotaName } from '../../ui/figure'
import { ListingPage } from '../../ui/listing'
import { Plot } from '../../ui/plot'
import { dateTime } from '../../ui/time'
import { barsOf, forecast, monthName } from './figures'
import { Receipts } from './receipts'

const TONES: Record<Quota['state'], Tone> = { ok: 'good', soft: 'wait', hard: 'bad' }
const STATES: Record<Quota['state'], string> = { ok: 'within', soft: 'limit reached', hard: 'refused' }

/** What the plan allows, what of it is used, and how it was in the months before. */
export default function UsagePage() {
  const loaded = useLoad(usageOf, 'usage', 10_000)
  const usage = loaded.value
  return (
    <ListingPage title="Usage" about={usage && <Plan usage={usage} />}>
      {loaded.error && <Failure error={loaded.error} onRetry={loaded.reload} />}
      <div className="columns">
        {usage?.quotas.map((quota) => (
          <QuotaSection key={quota.quota} usage={usage} quota={quota} />
        ))}
      </div>
      {usage && <Receipts />}
    </ListingPage>
  )
}

function Plan({ usage }: { usage: Usage }) {
  if (usage.plan === null) return 'No plan is set: nothing is limited.'
  return (
    <>
      Plan <strong>{usage.plan}</strong>. Months are counted in UTC; this one ends {dateTime(usage.period.to)}.
    </>
  )
}

function QuotaSection({ usage, quota }: { usage: Usage; quota: Quota }) {
  const expected = forecast(usage, quota)
  const bars = barsOf(usage, quota).map(({ period, used }) => ({
    name: monthName(period),
    value: used,
    words: figure(used),
  }))
  const name = quotaName(quota.quota)
  const line = quota.limit === null ? null : { value: quota.limit, words: `limit ${figure(quota.limit)}` }
  return (
    <section className="section" aria-label={name} data-quota={quota.quota}>
      <header>
        <h2>{name}</h2>
        <Chip tone={TONES[quota.state]}>{STATES[quota.state]}</Chip>
      </header>
      <Meter quota={quota} name={name} />
      {quota.kind === 'monthly' && <Plot label={`${name} by month`} bars={bars} line={line} />}
      <p className="faint">
        {expected !== null && `About ${figure(expected)} by the end of the month, if it goes on so. `}
        {quota.hard !== null && `Refused from ${figure(quota.hard)} on. `}
        {quota.kind === 'stored' && 'Counted as it is now.'}
      </p>
    </section>
  )
}

function Meter({ quota, name }: { quota: Quota; name: string }) {
  if (quota.limit === null) {
    return (
      <p>
        <strong>{figure(quota.used)}</strong> <span className="faint">without a limit</span>
      </p>
    )
  }
  return (
    <div className="meter">
      <p>
        <strong>{figure(quota.used)}</strong> of {figure(quota.limit)}{' '}
        {quota.percent !== null && <span className="faint">{quota.percent.toFixed(0)} %</span>}
      </p>
      <div
        className="meter-bar"
        role="meter"
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={quota.limit}
        aria-valuenow={Math.min(quota.used, quota.limit)}
        aria-valuetext={`${figure(quota.used)} of ${figure(quota.limit)}`}
        data-state={quota.state}
      >
        <span style={{ width: `${Math.min(100, quota.percent ?? 0)}%` }} />
      </div>
    </div>
  )
}
