import { expect, test } from 'vitest'

import { slugOf, suggestedWorkspace } from './slug'

test.each([
  ['Ada & Söhne GmbH', 'ada-sohne-gmbh'],
  ['  --Acme--  ', 'acme'],
  ['工場', ''],
  ['x'.repeat(80), 'x'.repeat(63)],
])('%s becomes %s', (name, slug) => expect(slugOf(name)).toBe(slug))

test.each([
  ['ada@acme.example', 'Acme'],
  ['ada@mail.acme.example', 'Acme'],
  ['ada.lovelace+x@gmail.com', 'Ada'],
  ['ada@localhost', 'Ada'],
])('%s suggests %s', (email, name) => expect(suggestedWorkspace(email)).toBe(name))
