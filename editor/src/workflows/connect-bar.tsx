import type { Connecting } from './connecting'

/** Says what Enter would connect. */
export function ConnectBar({ connecting }: { connecting: Connecting }) {
  if (connecting.words === null) return null
  return (
    <p className="connect-bar" role="status">
      <strong>{connecting.words}</strong>
      <span>arrows: another step, C: another port, Enter: connect, Escape: leave it</span>
    </p>
  )
}
