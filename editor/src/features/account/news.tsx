import { news, readNews } from '../../api/news'
import type { NewsItem } from '../../api/news'
import type { Me } from '../../api/types'
import { useAttempt } from '../../app/attempt'
import { usePaged } from '../../app/paged'
import { to } from '../../app/router'
import { Dialog } from '../../ui/dialog'
import { Failure } from '../../ui/failure'
import { ago, dateTime } from '../../ui/time'

interface Props {
  level: Me['level']
  onRead: () => void
  onClose: () => void
}

/** What one was told, newest first. */
export default function News({ level, onRead, onClose }: Props) {
  const paged = usePaged(news, 'news')
  const { error, isBusy, attempt } = useAttempt()
  const read = (ids?: string[]) =>
    void attempt(async () => {
      await readNews(ids)
      paged.reload()
      onRead()
    })
  const isUnread = paged.items?.some((item) => item.read_at === null) ?? false
  return (
    <Dialog title="News" onClose={onClose}>
      {(error ?? paged.error) && <Failure error={(error ?? paged.error)!} onRetry={paged.reload} />}
      {paged.items?.length === 0 && <p className="empty">Nothing yet.</p>}
      <ul className="news" aria-label="News">
        {paged.items?.map((item) => (
          <Item key={item.id} item={item} level={level} onRead={() => read([item.id])} />
        ))}
      </ul>
      {paged.more && (
        <button type="button" className="more" onClick={paged.more}>
          Load older ones
        </button>
      )}
      <footer>
        <button type="button" disabled={!isUnread || isBusy} onClick={() => read()}>
          Mark all as read
        </button>
        <button type="button" className="primary" onClick={onClose}>
          Done
        </button>
      </footer>
    </Dialog>
  )
}

function Item({ item, level, onRead }: { item: NewsItem; level: Me['level']; onRead: () => void }) {
  const { workspace, page, summary, created_at, read_at } = item
  // Pages of the platform are there in its own sessions only.
  const leads = page !== '' && (workspace === null) === (level === 'platform')
  return (
    <li data-unread={read_at === null} data-kind={item.kind}>
      <p>
        {read_at === null && <span className="visually-hidden">Unread: </span>}
        {summary}
      </p>
      <p className="faint">
        {workspace && <span>{workspace} · </span>}
        <time dateTime={created_at} title={dateTime(created_at)}>
          {ago(created_at)}
        </time>
        {leads && (
          <a href={to.news(workspace, page)} onClick={onRead}>
            Look at it
          </a>
        )}
        {read_at === null && (
          <button type="button" className="quiet" onClick={onRead} aria-label={`Mark as read: ${summary}`}>
            Mark as read
          </button>
        )}
      </p>
    </li>
  )
}
