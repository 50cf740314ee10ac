/** What can be put on the canvas beside node types of the server. */

export interface Item {
  name: string
  title: string
  description: string
}

export const NOTE_ITEM: Item = {
  name: 'note',
  title: 'Note',
  description: 'Text on the canvas, for people: nothing that runs looks at it.',
}

/** Those that have every word in their name or description; those in whose title it is come first. */
export function matching<T extends Item>(items: readonly T[], wanted: string): T[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean)
  const fits = (text: string) => words.every((word) => text.toLowerCase().includes(word))
  const found = items.filter((item) => fits(`${item.title} ${item.name} ${item.description}`))
  return words.length === 0 ? found : found.sort((a, b) => Number(fits(b.title)) - Number(fits(a.title)))
}
