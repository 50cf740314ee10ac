/** What a new workflow can begin with: the examples of the repository that need nothing of their surroundings. */

import { unique } from '../../app/unique'
import { read, write } from '../../document/codec'

type Json = Record<string, unknown>

const FILES = import.meta.glob<Json>(
  '../../../../examples/{contact,lead-automation,order,approval,event-wait,quote,code}/workflow.json',
  { import: 'default' },
)

export interface Template {
  id: string
  name: string
  about: string
}

export const TEMPLATES: readonly Template[] = [
  {
    id: 'contact',
    name: 'Contact form',
    about: 'A public form; whoever fills it in becomes a lead and gets a mail. Nothing has to be set up before.',
  },
  {
    id: 'lead-automation',
    name: 'Lead automation',
    about:
      'A public form; whoever brings a budget gets a mail and has three days to answer, others are declined politely.',
  },
  {
    id: 'approval',
    name: 'Approval',
    about: 'Someone asks for a payment; a manager answers behind a link in a mail, after three days the board does.',
  },
  {
    id: 'order',
    name: 'Order with undo',
    about: 'Stock is reserved line by line; if the parcel cannot be sent, the card is refunded.',
  },
  {
    id: 'quote',
    name: 'Quote',
    about: 'Another system asks for a price through a hook and waits for the answer.',
  },
  {
    id: 'event-wait',
    name: 'Wait for an event',
    about: 'An order waits up to three days for its payment, which an event tells of.',
  },
  {
    id: 'code',
    name: 'Code',
    about: 'An order is priced with a few lines of JavaScript; code that never ends is stopped.',
  },
]

/** In examples `${crm.url}` is a server that tests start; whoever begins with one says what it is. */
function withPlaces(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/\$\{(\w+)\.url\}/g, 'https://$1.example.com')
  if (Array.isArray(value)) return value.map(withPlaces)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, withPlaces(field)]))
}

/** A form or hook of the workspace may answer at the example’s path already: each workflow gets one of its own. */
function withOwnPaths(document: Json): Json {
  const ending = unique().slice(0, 4)
  const graph = read(document)
  const nodes = graph.nodes.map((node) => {
    const path = node.data?.config?.['path']
    if (!node.type.startsWith('trigger.') || typeof path !== 'string') return node
    return { ...node, data: { ...node.data, config: { ...node.data?.config, path: `${path}-${ending}` } } }
  })
  return write({ ...graph, nodes })
}

/** Its graph, as it is stored. */
export async function templateGraph(id: string): Promise<Json> {
  const load = FILES[`../../../../examples/${id}/workflow.json`]
  if (!load) throw new Error(`there is no template ${id}`)
  return withOwnPaths(withPlaces(await load()) as Json)
}
