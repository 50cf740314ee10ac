/** What a new workflow can begin with: the examples of the repository that need nothing of their surroundings. */

type Json = Record<string, unknown>

const FILES = import.meta.glob<Json>(
  '../../../../examples/{lead-automation,order,approval,event-wait,quote,code}/workflow.json',
  { import: 'default' },
)

export interface Template {
  id: string
  name: string
  about: string
}

export const TEMPLATES: readonly Template[] = [
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

/** Its graph, as it is stored. */
export async function templateGraph(id: string): Promise<Json> {
  const load = FILES[`../../../../examples/${id}/workflow.json`]
  if (!load) throw new Error(`there is no template ${id}`)
  return load()
}
