/** Light, dark, or as the system has it. */

const KEY = 'capstan.theme'
const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

export function theme(): Theme {
  const kept = localStorage.getItem(KEY)
  return THEMES.find((name) => name === kept) ?? 'system'
}

export function applyTheme(name: Theme = theme()): void {
  localStorage.setItem(KEY, name)
  document.documentElement.dataset['theme'] = name
}

export function nextTheme(name: Theme): Theme {
  return THEMES[(THEMES.indexOf(name) + 1) % THEMES.length] ?? 'system'
}
