import { expect, test } from 'vitest'

import { ApiError } from '../../api/client'
import type { RecordItem, RecordType } from '../../api/records'
import type { Me } from '../../api/types'
import { EXAMPLE, wishIn, withPlaces } from './definition'
import { begun, changeOf, dataOf, entriesOf, read, rebased, refusalOf, whyNoName } from './entries'
import { STATE_HEIGHT_PX, drawn } from './machine'
import { guardsOf, has, nameOf, summaryOf, told, waysFrom } from './words'

const TYPE: RecordType = { ...EXAMPLE, name: 'deal', revision: 1, shipped: false, updated_at: null }
const record = (data: Record<string, unknown>): RecordItem => ({
  id: '0190a1b2-0000-7000-8000-00000000beef',
  type: 'deal',
  state: 'open',
  data,
  revision: 1,
  created_at: '',
  updated_at: '',
})
const me = (more: Partial<Me>) => ({ kind: 'user', role: 'member', ...more }) as Me

test('a record is called by what is known of it, else by its type and id', () => {
  expect(nameOf(record({ budget: 3, client: 'Engines Ltd' }))).toBe('Engines Ltd')
  expect(nameOf(record({ amount: 17 }))).toBe('17')
  expect(nameOf(record({ list: [] }))).toBe('deal 0000beef')
  expect(nameOf(record({ name: 'x'.repeat(100) }))).toHaveLength(80)
  expect(summaryOf(record({ client: 'Engines Ltd', paid: true, lines: [1] }), 2)).toBe('paid yes, lines [1]')
})

test('a record is found by words of its data, its state and its id', () => {
  const one = record({ client: 'Engines Ltd', budget: 3000 })
  expect(['engines 3000', 'OPEN', 'beef', ''].map((wanted) => has(one, wanted))).toEqual([true, true, true, true])
  expect(has(one, 'engines lost')).toBe(false)
})

test('a record is moved only where its type lets who asks move it', () => {
  const ways = (state: string, who: Partial<Me>) => waysFrom(TYPE, state, me(who)).map(({ to }) => to)
  expect(ways('open', {})).toEqual(['offered'])
  expect(ways('offered', {})).toEqual(['open', 'lost'])
  expect(ways('offered', { role: 'admin' })).toEqual(['open', 'signed', 'lost'])
  expect(ways('offered', { kind: 'key', role: null })).toEqual(['open', 'signed', 'lost'])
  expect(ways('signed', {})).toEqual([])
})

test('what a way asks for is said in words', () => {
  const [offer, withdraw, sign] = EXAMPLE.transitions
  expect(guardsOf(offer!)).toEqual(['Only if {{ input.data.amount > 1000 }} holds; else “the amount is too small”.'])
  expect(guardsOf(withdraw!)).toEqual(['Whoever takes it says why.'])
  expect(guardsOf(sign!)).toEqual(['Only for owners, admins and API keys.'])
})

test('history is told with what states are called', () => {
  expect(told({ kind: 'transitioned', from: 'open', to: 'offered', fields: [] }, TYPE)).toBe('Open → Offered')
  expect(told({ kind: 'created', from: null, to: 'open', fields: [] }, TYPE)).toBe('begins as Open')
  expect(told({ kind: 'updated', from: null, to: null, fields: ['a', 'b'] }, null)).toBe('a, b')
  expect(told({ kind: 'transitioned', from: 'gone', to: 'open', fields: [] }, TYPE)).toBe('gone → Open')
})

test('a field keeps its kind, and what is none of it is told at its place', () => {
  const entries = entriesOf({ name: 'Ada', age: 36, vip: true, tags: ['a'] })
  expect(entries.map(({ kind }) => kind)).toEqual(['text', 'number', 'yesno', 'json'])
  expect(refusalOf(entries, false)).toBeNull()
  const wrong = entries.map((entry) => ({ ...entry, text: '{' }))
  expect(refusalOf(wrong, false)?.errors.map(({ pointer }) => pointer)).toEqual(['/entry-1', '/entry-2', '/entry-3'])
  expect(read({ name: 'age', kind: 'number', text: ' ' })).toHaveProperty('problem')
  expect(read({ name: 'x', kind: 'json', text: 'null' })).toHaveProperty('problem')
  expect(read({ name: 'age', kind: 'number', text: '1e400' })).toHaveProperty('problem')
})

test('a new record is asked for what the one before has, and what is left empty is left out', () => {
  const asked = begun({ client: 'Engines Ltd', budget: 3 })
  expect(asked.map(({ text }) => text)).toEqual(['', ''])
  const written = asked.map((entry) => (entry.name === 'client' ? { ...entry, text: 'Looms' } : entry))
  expect(refusalOf(written, true)).toBeNull()
  expect(dataOf(written)).toEqual({ client: 'Looms' })
  expect(begun(undefined)).toMatchObject([{ name: 'name' }])
})

test('only what differs is sent, and null for what is removed', () => {
  const before = { name: 'Ada', age: 36, gone: 1 }
  const entries = entriesOf(before)
    .filter(({ name }) => name !== 'gone')
    .map((entry) => (entry.name === 'age' ? { ...entry, text: '37' } : entry))
  expect(changeOf(before, [...entries, { name: 'new', kind: 'yesno', text: 'false' }])).toEqual({
    age: 37,
    gone: null,
    new: false,
  })
  expect(changeOf(before, entriesOf(before))).toEqual({})
})

test('what others change meanwhile takes away nothing that one has written', () => {
  const before = { name: 'Ada', age: 36, gone: 1 }
  const mine = entriesOf(before)
    .filter(({ name }) => name !== 'gone')
    .map((entry) => (entry.name === 'age' ? { ...entry, text: '37' } : entry))
  const now = { name: 'Ada Lovelace', age: 36, gone: 2, theirs: true }
  const next = rebased(before, mine, now)
  expect(changeOf(now, next)).toEqual({ age: 37, gone: null })
  expect(next.map(({ name }) => name)).toEqual(['name', 'age', 'theirs'])
})

test('there are no two fields of a name, none without one, and not too many', () => {
  const entries = entriesOf({ a: 1 })
  expect(whyNoName('b', entries)).toBeNull()
  expect(whyNoName('a', entries)).toMatch(/already/)
  expect(whyNoName('ü'.repeat(51), entries)).toMatch(/100 bytes/)
  expect(whyNoName('a\tb', entries)).not.toBeNull()
  const many = entriesOf(Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`f${at}`, at])))
  expect(whyNoName('b', many)).toMatch(/200/)
})

test('states are drawn from left to right, and a way back makes no circle of it', () => {
  const { states, ways, width, height } = drawn(TYPE)
  const x = (name: string) => states.find((state) => state.name === name)?.x ?? -1
  expect(x('open')).toBeLessThan(x('offered'))
  expect(x('offered')).toBeLessThan(x('signed'))
  expect(x('signed')).toBe(x('lost'))
  expect(ways).toHaveLength(EXAMPLE.transitions.length)
  for (const state of states) expect(state.x < width && state.y < height).toBe(true)
  expect(new Set(states.map((state) => `${state.x} ${state.y}`)).size).toBe(states.length)
})

test('a way past a column goes between the rows, and through no state', () => {
  const skips = { from: 'open', to: 'signed' }
  const { states, ways } = drawn({ ...TYPE, transitions: [...TYPE.transitions, skips] })
  const path = ways.find(({ from, to }) => from === 'open' && to === 'signed')?.path ?? ''
  const lane = Number(/ ([\d.]+)H/.exec(path)?.[1])
  expect(states.filter(({ y }) => y <= lane && lane <= y + STATE_HEIGHT_PX)).toEqual([])
})

test('a definition that is no JSON object is told before it is sent', () => {
  expect(wishIn(JSON.stringify(EXAMPLE))).toEqual(EXAMPLE)
  for (const text of ['{', '[]', '3', '']) expect(wishIn(text)).toBeInstanceOf(ApiError)
})

test('what is wrong with a definition is told with its place, and what is wrong with the name at the name', () => {
  const finding = { code: 'invalid', detail: 'is none', hint: 'correct it' }
  const errors = [
    { ...finding, pointer: '/states/1' },
    { ...finding, pointer: '/name' },
  ]
  const told = withPlaces(new ApiError(422, 'invalid_type', '', '', errors)).errors
  expect(told.map(({ detail }) => detail)).toEqual(['/states/1: is none', 'is none'])
})
