import { expect, test } from 'vitest'

import { matchingCommands } from './commands'
import type { Command } from './commands'

const command = (label: string, about = 'Page'): Command => ({ key: label, label, about, icon: 'list', run: () => {} })
const ALL = [command('Republish orders', 'Workflow'), command('Overview'), command('Publish', 'Ctrl-Enter')]

test.each([
  ['', ['Republish orders', 'Overview', 'Publish']],
  ['publish', ['Publish', 'Republish orders']],
  ['ORD work', ['Republish orders']],
  ['page', ['Overview']],
  ['nothing such', []],
])('%j finds %j', (wanted, labels) => {
  expect(matchingCommands(ALL, wanted).map(({ label }) => label)).toEqual(labels)
})
