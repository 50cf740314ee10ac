import type { ReactNode } from 'react'

import { lookAtLink } from '../../api/access'
import type { MailLink } from '../../api/access'
import { Link } from '../../app/link'
import { useLoad } from '../../app/load'
import { to } from '../../app/router'
import type { OpenPage } from '../../app/router'
import { Failure } from '../../ui/failure'
import { OpenFrame } from './open-page'

interface Props {
  title: string
  token: string
  kind: MailLink['kind']
  /** Where one gets a new link. */
  again: OpenPage
  children: (link: MailLink) => ReactNode
}

/** What a link in a mail leads to, if the link still counts. */
export function LinkPage({ title, token, kind, again, children }: Props) {
  const link = useLoad(() => lookAtLink(token), `link ${token}`)
  const isOther = link.value !== null && link.value.kind !== kind
  return (
    <OpenFrame title={title}>
      {link.error && <Failure error={link.error} {...(link.error.isOffline ? { onRetry: link.reload } : {})} />}
      {isOther && <p>This link is for something else. Open it as it stands in the mail.</p>}
      {link.value && !isOther && children(link.value)}
      {(link.error || isOther) && (
        <Link href={to.open(again)}>{again === 'login' ? 'Sign in' : 'Ask for a new link'}</Link>
      )}
    </OpenFrame>
  )
}
