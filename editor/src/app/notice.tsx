import { whatIsOffered } from '../api/access'
import { useLoad } from './load'

const EVERY_MS = 60_000

/** What the platform has to say to everybody, above each page; nothing most of the time. */
export function Notice() {
  const { value } = useLoad(whatIsOffered, 'notice', EVERY_MS)
  if (!value?.notice) return null
  return (
    <p className="platform-notice notice" role="status">
      {value.notice}
      {value.support_address && <span> Help: {value.support_address}</span>}
    </p>
  )
}
