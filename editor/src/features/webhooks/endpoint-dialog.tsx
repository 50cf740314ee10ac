import { useState } from 'react'

import { changeEndpoint, eventTypes, makeEndpoint } from '../../api/webhooks'
import type { Endpoint } from '../../api/webhooks'
import { useAttempt } from '../../app/attempt'
import { useLoad } from '../../app/load'
import { LinesField, TextField } from '../../ui/field'
import { FormDialog } from '../../ui/form-dialog'
import { flipped, typesOf, valuesOf, wishOf } from './form-values'
import type { Values } from './form-values'

const CODES = {
  url: ['bad_url', 'address_refused'],
  types: ['bad_type'],
  filter: ['bad_filter'],
  description: [],
  rate_per_s: [],
  concurrency: [],
}

interface Props {
  /** None for a new one. */
  endpoint: Endpoint | null
  onDone: (endpoint: Endpoint) => void
  onClose: () => void
}

/** An endpoint as a form. */
export function EndpointDialog({ endpoint, onDone, onClose }: Props) {
  const [values, setValues] = useState(() => valuesOf(endpoint))
  const set = (field: Exclude<keyof Values, 'ordered'>) => (text: string) =>
    setValues((before) => ({ ...before, [field]: text }))
  const { error, isBusy, attempt } = useAttempt()
  const submit = () =>
    void attempt(async () => {
      const wish = wishOf(values)
      const done = await (endpoint ? changeEndpoint(endpoint.id, wish) : makeEndpoint(wish))
      onClose()
      onDone(done)
    })
  return (
    <FormDialog
      title={endpoint ? 'Change the endpoint' : 'New endpoint'}
      submit={endpoint ? 'Save' : 'Create'}
      isOff={isBusy}
      isWide
      error={error}
      codes={CODES}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField
        label="Address"
        name="url"
        type="url"
        required
        placeholder="https://example.com/hooks/capstan"
        value={values.url}
        onText={set('url')}
      />
      <LinesField
        label="Events"
        name="types"
        required
        value={values.types}
        onText={set('types')}
        help="One type on each line; execution.* is all that begin so."
      />
      <Known types={values.types} onFlip={(type) => set('types')(flipped(values.types, type))} />
      <TextField
        label="Only if"
        name="filter"
        className="mono"
        placeholder="event.data.status == 'failed'"
        value={values.filter}
        onText={set('filter')}
        help="An expression over the event; without one, all of these types are sent."
      />
      <TextField label="Description" name="description" value={values.description} onText={set('description')} />
      <div className="field-row">
        <TextField
          label="At most per second"
          name="rate_per_s"
          type="number"
          min={1}
          placeholder="no limit"
          value={values.rate}
          onText={set('rate')}
        />
        <TextField
          label="At a time"
          name="concurrency"
          type="number"
          min={1}
          placeholder="10"
          value={values.concurrency}
          onText={set('concurrency')}
        />
      </div>
      <label className="check">
        <input
          type="checkbox"
          checked={values.ordered}
          onChange={({ target }) => setValues((before) => ({ ...before, ordered: target.checked }))}
        />
        In order: of one lead, record or execution each waits for the one before, up to four days if that fails
      </label>
    </FormDialog>
  )
}

/** Types that there are, to be put in or taken away by a click. */
function Known({ types, onFlip }: { types: string; onFlip: (type: string) => void }) {
  const known = useLoad(eventTypes, 'event types')
  const chosen = typesOf(types)
  return (
    <div className="known" role="group" aria-label="Known events">
      {known.value?.items.map(({ type, title }) => (
        <button
          key={type}
          type="button"
          title={title}
          aria-pressed={chosen.includes(type)}
          onClick={() => onFlip(type)}
        >
          {type}
        </button>
      ))}
    </div>
  )
}
