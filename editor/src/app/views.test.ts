import { expect, test } from 'vitest'

import { VIEWS_MAX, filtersOf, readViews, withView, without } from './views'

const FIELDS = ['workflow', 'status']

test('a view is what a list is filtered by, in whatever order it stands in the address', () => {
  expect(filtersOf('?status=failed&workflow=a%20b', FIELDS)).toBe('workflow=a+b&status=failed')
  expect(filtersOf('?workflow=a+b&other=1&status=failed', FIELDS)).toBe('workflow=a+b&status=failed')
  expect(filtersOf('?other=1&status=', FIELDS)).toBe('')
})

test('views are in the order of their names, one of the same name gives way, and there is an end to them', () => {
  const [a, b] = [
    { name: 'a', query: 'status=failed' },
    { name: 'b', query: 'status=waiting' },
  ]
  expect(withView([b], a)).toEqual([a, b])
  const again = { name: 'a', query: 'status=running' }
  expect(withView([a, b], again)).toEqual([again, b])
  expect(without([a, b], 'a')).toEqual([b])
  const full = Array.from({ length: VIEWS_MAX }, (_, at) => ({ name: `n${at}`, query: 'status=failed' }))
  expect(withView(full, a)).toBeNull()
  expect(withView(full, { name: 'n1', query: 'status=waiting' })).toHaveLength(VIEWS_MAX)
  expect(withView([], { name: 'long', query: `q=${'x'.repeat(2000)}` })).toBeNull()
})

test.each([
  [null, []],
  ['no json', []],
  ['{"name": "a"}', []],
  ['[null, 1, {"name": "", "query": "q=1"}, {"name": "a", "query": ""}, {"name": "b"}]', []],
  ['[{"name": "a", "query": "q=1"}]', [{ name: 'a', query: 'q=1' }]],
])('of %s as the browser kept it, %j is read', (kept, views) => expect(readViews(kept)).toEqual(views))
