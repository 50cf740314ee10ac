import { useEffect, useState } from 'react'

import { between } from '../ui/time'

/** How long something took, or has taken so far. */
export function Took({ from, to }: { from: string; to: string | null }) {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    if (to !== null) return
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [to])
  return <>{between(from, to, Math.max(now, Date.parse(from)))}</>
}
