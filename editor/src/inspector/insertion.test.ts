import { expect, test } from 'vitest'

import { insertion } from './insertion'

/** What stands between `⟦` and `⟧` is selected; nothing between them is the cursor. */
function put(marked: string, name: string, isJson = false): string {
  const from = marked.indexOf('⟦')
  const to = marked.indexOf('⟧') - 1
  const text = marked.replace(/[⟦⟧]/g, '')
  const found = insertion(text, from, to, name, isJson)
  return text.slice(0, found.from) + found.text + text.slice(found.to)
}

test.each([
  ['⟦⟧', '{{ input.x }}'],
  ['Hello ⟦⟧!', 'Hello {{ input.x }}!'],
  ['Hello ⟦you⟧!', 'Hello {{ input.x }}!'],
  ['{{ steps.a * ⟦⟧ }}', '{{ steps.a * input.x }}'],
  ['{{ steps.a }} ⟦⟧', '{{ steps.a }} {{ input.x }}'],
  ['⟦⟧{{  }}', '{{ input.x }}'],
  ['{"a": ⟦⟧}', '{"a": {{ input.x }}}'],
])('in a text, %s becomes %s', (before, after) => expect(put(before, 'input.x')).toBe(after))

test.each([
  ['⟦⟧', '{{ input.x }}'],
  ['⟦⟧{{  }}', '{{ input.x }}'],
  ['{{ steps.a }} ⟦⟧', '{{ steps.a }} {{ input.x }}'],
  ['{"a": ⟦⟧}', '{"a": "{{ input.x }}"}'],
  ['{"a": ⟦1⟧}', '{"a": "{{ input.x }}"}'],
  ['{"a": "to ⟦⟧"}', '{"a": "to {{ input.x }}"}'],
  ['{"a": "\\"⟦⟧"}', '{"a": "\\"{{ input.x }}"}'],
  ['{"a": "{{ 2 * ⟦⟧ }}"}', '{"a": "{{ 2 * input.x }}"}'],
  ['"⟦⟧"', '{{ input.x }}'],
  ['""⟦⟧', '{{ input.x }}'],
  ['[⟦⟧]', '["{{ input.x }}"]'],
])('in JSON, %s becomes %s', (before, after) => expect(put(before, 'input.x', true)).toBe(after))

test('a name with quotes keeps JSON what it is', () => {
  const after = put('{"a": ⟦⟧}', 'input["first name"]', true)
  expect(JSON.parse(after)).toEqual({ a: '{{ input["first name"] }}' })
  expect(JSON.parse(put('{"a": "⟦⟧"}', 'input["first name"]', true))).toEqual({ a: '{{ input["first name"] }}' })
})
