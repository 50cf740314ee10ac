import { logs } from '../api/calls'
import type { LogLine } from '../api/types'

/** Pages of a log that are read; the log of an execution is bounded, too. */
const PAGES_MAX = 10

/** What an execution wrote to its log, oldest first; with `search` the lines that have all these words. */
export async function allLogs(executionId: string, search = ''): Promise<LogLine[]> {
  const lines: LogLine[] = []
  let after: string | null = null
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { items, next }: { items: LogLine[]; next: string | null } = await logs(executionId, after, search)
    lines.push(...items)
    if (next === null) break
    after = next
  }
  return lines
}
