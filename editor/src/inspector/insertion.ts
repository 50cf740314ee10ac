/** Data from before that is brought into a field: with a click, by dragging it there, or from the field's menu. */

/** Only fields of the inspector know what is dragged so; elsewhere it cannot be let go. */
export const DRAGGED_DATA = 'application/x-capstan-data'

/** What is put in place of the letters between `from` and `to`. */
export interface Insertion {
  from: number
  to: number
  text: string
}

export function expressionOf(name: string): string {
  return `{{ ${name} }}`
}

/** Nothing yet: an expression without anything in it, or a JSON text without a letter. */
const EMPTY = /^\s*(\{\{\s*\}\}|"")?\s*$/

/**
 * Has a text read `name` where `from` to `to` is selected. Within an expression the name is enough, and in JSON it becomes a
 * text of its own, unless it is put into one.
 */
export function insertion(text: string, from: number, to: number, name: string, isJson: boolean): Insertion {
  if (EMPTY.test(text)) return { from: 0, to: text.length, text: expressionOf(name) }
  const before = text.slice(0, from)
  const written = before.lastIndexOf('{{') > before.lastIndexOf('}}') ? name : expressionOf(name)
  if (!isJson || !/^\s*([["]|\{(?!\{))/.test(text)) return { from, to, text: written }
  const quoted = JSON.stringify(written)
  return { from, to, text: isWithinText(before) ? quoted.slice(1, -1) : quoted }
}

/** Whether a JSON text has begun and not ended. */
function isWithinText(json: string): boolean {
  return (json.replace(/\\./g, '').split('"').length - 1) % 2 === 1
}

/** As if it were typed, so that undo and the form see it; where the cursor is, unless a place is given. */
export function typeIn(field: HTMLTextAreaElement, name: string, place: number | null = null): void {
  const [from, to] = place === null ? [field.selectionStart, field.selectionEnd] : [place, place]
  const put = insertion(field.value, from, to, name, field.dataset['language'] === 'json')
  field.focus()
  field.setSelectionRange(put.from, put.to)
  document.execCommand('insertText', false, put.text)
}

/** The letter of a field at a point of the window; null where the browser cannot tell. */
export function letterAt(field: HTMLTextAreaElement, x: number, y: number): number | null {
  const found = document.caretPositionFromPoint?.(x, y)
  return found?.offsetNode === field ? found.offset : null
}
