import { lazy, Suspense, useState } from 'react'

import { countUnread } from '../api/news'
import type { Me } from '../api/types'
import { Icon } from '../ui/icon'
import { useLoad } from './load'

const News = lazy(() => import('../features/account/news'))

const EVERY_MS = 30_000

/** How much there is that one has not read, and the way to it. Where there is no answer the mark stays as it was. */
export function Bell({ level }: { level: Me['level'] }) {
  const [isOpen, setOpen] = useState(false)
  const loaded = useLoad(countUnread, 'unread news', EVERY_MS)
  const count = loaded.value ?? 0
  const close = () => {
    setOpen(false)
    loaded.reload()
  }
  return (
    <>
      <button type="button" className="rail-item" data-testid="bell" onClick={() => setOpen(true)}>
        <Icon name="bell" />
        <span>News</span>
        {count > 0 && (
          <span className="rail-mark" data-testid="unread">
            {count}
            <span className="visually-hidden"> unread</span>
          </span>
        )}
      </button>
      {isOpen && (
        <Suspense>
          <News level={level} onRead={loaded.reload} onClose={close} />
        </Suspense>
      )}
    </>
  )
}
