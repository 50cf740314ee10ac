import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'

import { ApiError } from '../../api/client'
import { linesOf } from './duties'
import type { Line } from './duties'
import { DutiesOf } from './duties-section'

const AT = '2030-01-01T00:00:00Z'
const OF = { cell: 'cell_1', workspace_id: null, workspace: null }
const DONE = {
  ...OF,
  name: 'tidying',
  holder: 'w',
  leased_until: null,
  last_begun_at: AT,
  last_ended_at: AT,
  is_done: true,
  outcome: 'nothing was old',
  next_due_at: AT,
  is_held: false,
  late_s: 0,
  is_late: false,
}
const FAILED = { ...DONE, name: 'retention', is_done: false, outcome: 'the archive is full' }
const AWAY = { cell: 'capstan_1', workspace_id: 'w1', workspace: 'globex', reason: 'no answer within 2 s' }

function drawn(lines: Line[] | null, error: ApiError | null = null, more: (() => void) | null = null): string {
  return renderToStaticMarkup(<DutiesOf lines={lines} error={error} onRetry={() => undefined} more={more} />)
}

function told(): Line[] {
  return linesOf({
    cell: 'cell_1',
    items: [DONE, FAILED],
    unreachable: [AWAY],
    next_cursor: null,
    retention: { keep_days: null, is_archived: false },
    months: [],
    slow_statements: null,
    unused_indexes: [],
  })
}

test('what needs a look is at the top, by colour and by word, with the reason', () => {
  const html = drawn(told())
  const rows = html.split('<tr>').slice(2)
  expect(rows).toHaveLength(3)
  expect(rows[0]).toMatch(/data-tone="bad".*not reached.*globex.*no answer within 2 s/)
  expect(rows[1]).toMatch(/data-tone="bad".*failed.*retention.*cell_1.*nobody.*the archive is full/)
  expect(rows[2]).toMatch(/data-tone="good".*done.*tidying/)
  expect(html).toMatch(/role="status"[^>]*>1 cell was not reached, 1 duty failed\.</)
})

test('it does not say that all is well while there are cells that it has not asked for', () => {
  const all = 'None has failed, and none is late.'
  const lines = told().slice(1, 2)
  expect(drawn(lines)).toContain(`${all}</p>`)
  expect(drawn(lines, null, () => undefined)).toContain(`${all} There are more cells: load them below.</p>`)
})

test('each column has a head, and the table a name', () => {
  const html = drawn(told())
  const heads = [...html.matchAll(/<th [^>]*scope="col"[^>]*>([^<]+)</g)].map((match) => match[1])
  expect(heads).toEqual(['Standing', 'Duty', 'Cell', 'Last run', 'Next due', 'Held by', 'What came of it'])
  expect(html).toContain('aria-label="Duties"')
})

test('nothing known yet, nothing there, and an error are said', () => {
  expect(drawn(null)).toMatch(/role="status"[^>]*>Looking into the cells…</)
  expect(drawn([])).toMatch(/role="status"[^>]*>No worker has taken up a duty yet\..*Start a worker/)
  const error = ApiError.of(new Error('away'))
  expect(drawn(null, error)).toMatch(/role="status"[^>]*><\/p>.*role="alert".*Try again/)
  // What was known stays, with the error beside it.
  expect(drawn(told(), error)).toMatch(/role="alert".*<table/)
})
