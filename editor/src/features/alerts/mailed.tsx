import { members, whatIsOffered } from '../../api/access'
import { useLoad } from '../../app/load'
import { useCan } from '../../app/who'

/** Names that are told; of more, how many. */
const NAMED_MAX = 5

/** Who gets mails of alerts. */
export function Mailed() {
  const maySee = useCan('members.read')
  const facts = useLoad(
    async () => {
      const [offer, people] = await Promise.all([whatIsOffered(), maySee ? members() : { items: [] }])
      return { hasMail: offer.mail, told: people.items.filter(({ role }) => role === 'owner' || role === 'admin') }
    },
    `mailed ${maySee}`,
    60_000,
  )
  if (!facts.value) return null
  if (!facts.value.hasMail)
    return <p className="faint">This server sends no mail: webhooks and workflows can hear of alerts, and this page.</p>
  const named = facts.value.told.slice(0, NAMED_MAX).map(({ name, email, role }) => `${name || email} (${role})`)
  const others = facts.value.told.length - named.length
  return (
    <p className="faint">
      Mails go to owner and administrators
      {named.length > 0 && `: ${named.join(', ')}${others > 0 ? ` and ${others} more` : ''}`}.
    </p>
  )
}
