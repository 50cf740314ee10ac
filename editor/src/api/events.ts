/** Server-sent events read with `fetch`, since `EventSource` cannot send the key. */

export interface ServerEvent {
  name: string
  id: string | null
  data: string
}

/** Takes text as it arrives, and gives the events that are complete; a comment is none. */
export class EventParser {
  private rest = ''

  feed(chunk: string): ServerEvent[] {
    const blocks = (this.rest + chunk).replaceAll('\r\n', '\n').split('\n\n')
    this.rest = blocks.pop() ?? ''
    return blocks.map(event).filter((found) => found !== null)
  }
}

function event(block: string): ServerEvent | null {
  const fields = { event: 'message', id: null as string | null, data: [] as string[] }
  for (const line of block.split('\n')) {
    const at = line.indexOf(':')
    if (at < 1) continue
    const [name, value] = [line.slice(0, at), line.slice(at + 1).replace(/^ /, '')]
    if (name === 'event') fields.event = value
    if (name === 'id') fields.id = value
    if (name === 'data') fields.data.push(value)
  }
  return fields.data.length > 0 ? { name: fields.event, id: fields.id, data: fields.data.join('\n') } : null
}
