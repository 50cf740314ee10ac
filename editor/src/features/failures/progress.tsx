import type { BulkJob } from '../../api/bulk'
import { countsInWords } from './orders'

/** How many of how many; that it has ended is told to screen readers, too. */
export function Progress({ counts, ended }: { counts: BulkJob['counts']; ended: string }) {
  const { total, done, failed, skipped } = counts
  return (
    <div className="stack" data-testid="progress">
      <progress aria-label="Done with" max={Math.max(1, total)} value={done + failed + skipped} />
      <p>
        {countsInWords(counts)} <span role="status">{ended}</span>
      </p>
    </div>
  )
}
