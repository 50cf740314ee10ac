import { alertRules } from '../../api/alerts'
import { useLoad } from '../../app/load'
import { useNames } from '../../app/names'
import { setQuery, useQuery } from '../../app/router'
import { ListingPage } from '../../ui/listing'
import { Tabs } from '../../ui/tabs'
import { AlertsTab } from './alerts-tab'
import { RulesTab } from './rules-tab'
import { Standing } from './standing'

const TABS = [
  ['alerts', 'Alerts'],
  ['rules', 'Rules'],
] as const

/** What is out of order, and the rules that say what that is. */
export default function AlertsPage() {
  const rules = useLoad(alertRules, 'alert rules', 30_000)
  const names = useNames()
  const tab = useQuery('tab') === 'rules' ? 'rules' : 'alerts'
  return (
    <ListingPage
      title="Alerts"
      about="Workers look at each rule about once a minute. A broken one raises one alert, which is open until the rule has held for five minutes."
    >
      {rules.value && <Standing rules={rules.value.items} onChanged={rules.reload} />}
      <Tabs
        tabs={TABS}
        chosen={tab}
        label="Alerts and rules"
        onChoose={(next) => setQuery('tab', next === 'rules' ? next : '')}
      />
      <div role="tabpanel" className="stack" aria-label={tab === 'rules' ? 'Rules' : 'Alerts'}>
        {tab === 'rules' ? <RulesTab rules={rules} names={names} /> : <AlertsTab names={names} />}
      </div>
    </ListingPage>
  )
}
