import { usageOf } from '../../api/usage'
import type { Quota } from '../../api/usage'
import { Link } from '../../app/link'
import { useLoad } from '../../app/load'
import { to } from '../../app/router'
import { Fact, Facts } from '../../ui/facts'
import { figure, quotaName } from '../../ui/figure'

const EVERY_MS = 60_000

/** What is used of the plan; nothing where nothing is limited. */
export function Plan() {
  const loaded = useLoad(usageOf, 'usage of the overview', EVERY_MS)
  const limited = loaded.value?.quotas.filter(({ limit }) => limit !== null) ?? []
  if (limited.length === 0) return null
  return (
    <section className="section" aria-label="Of the plan">
      <header>
        <h2>Of the plan</h2>
        <Link href={to.usage()}>Usage</Link>
      </header>
      <Facts>
        {limited.map((quota) => (
          <Fact key={quota.quota} name={quotaName(quota.quota)}>
            <Used quota={quota} />
          </Fact>
        ))}
      </Facts>
    </section>
  )
}

function Used({ quota: { used, limit, percent, state } }: { quota: Quota }) {
  return (
    <span className={state === 'ok' ? '' : 'bad'}>
      {figure(used)} of {figure(limit ?? 0)} {percent !== null && `(${percent.toFixed(0)} %)`}
    </span>
  )
}
