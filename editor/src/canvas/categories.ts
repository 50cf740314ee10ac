/** Colour and icon of a node type, by its name: a new type needs nothing here. */

import type { IconName } from '../ui/icon'

export type Category = 'trigger' | 'action' | 'lead' | 'record' | 'logic' | 'data' | 'debug' | 'other'

const CATEGORIES: Record<Category, { title: string; icon: IconName }> = {
  trigger: { title: 'Triggers', icon: 'bolt' },
  action: { title: 'Actions', icon: 'send' },
  lead: { title: 'Leads', icon: 'person' },
  record: { title: 'Records', icon: 'rows' },
  logic: { title: 'Logic', icon: 'branch' },
  data: { title: 'Data', icon: 'data' },
  debug: { title: 'Trying out', icon: 'bug' },
  other: { title: 'Others', icon: 'help' },
}

/** Where a more telling icon is known; others have that of their category. */
const ICONS: Record<string, IconName> = {
  note: 'note',
  'trigger.form': 'rows',
  'trigger.webhook': 'web',
  'trigger.manual': 'play',
  'trigger.schedule': 'clock',
  'trigger.email': 'mail',
  'trigger.execution': 'flag',
  'trigger.demo_booked': 'person',
  'action.http_request': 'web',
  'action.send_email': 'mail',
  'action.send_sms': 'mail',
  'action.code': 'code',
  'action.emit_event': 'bolt',
  'action.meter': 'data',
  'logic.delay': 'clock',
  'logic.wait_for_signal': 'clock',
  'logic.wait_for_event': 'clock',
  'logic.approval': 'person',
  'logic.for_each': 'retry',
  'logic.loop': 'retry',
  'logic.try': 'warn',
  'logic.group': 'group',
}

export function categoryOf(type: string): Category {
  const [stem] = type.split('.')
  return stem !== undefined && stem in CATEGORIES ? (stem as Category) : 'other'
}

export function categoryTitle(category: Category): string {
  return CATEGORIES[category].title
}

export function iconOf(type: string): IconName {
  return ICONS[type] ?? CATEGORIES[categoryOf(type)].icon
}
