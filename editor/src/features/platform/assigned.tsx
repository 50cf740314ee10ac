import { useState } from 'react'

import { constants } from '../../api/constants'
import { assignPages, pagesOf } from '../../api/platform'
import type { AssignedPages } from '../../api/platform'
import { useAttempt } from '../../app/attempt'
import { useLoad } from '../../app/load'
import { Failure } from '../../ui/failure'
import { Form } from '../../ui/form'
import { dateTime } from '../../ui/time'
import { say } from '../../ui/toast'

/** Which parts of the product a tenant has. */
export function Assigned({ id }: { id: string }) {
  const loaded = useLoad(() => pagesOf(id), `pages of ${id}`)
  return (
    <section className="section" aria-label="Pages">
      <h2>Pages</h2>
      {loaded.error && <Failure error={loaded.error} onRetry={loaded.reload} />}
      {loaded.value && (
        <Choice
          key={`${loaded.value.set_at} ${loaded.value.pages.length}`}
          id={id}
          assigned={loaded.value}
          onSaved={loaded.reload}
        />
      )}
    </section>
  )
}

function Choice({ id, assigned, onSaved }: { id: string; assigned: AssignedPages; onSaved: () => void }) {
  const [chosen, setChosen] = useState(new Set(assigned.pages))
  const { error, isBusy, attempt } = useAttempt()
  const assign = (pages: string[] | null) =>
    void attempt(async () => {
      await assignPages(id, pages)
      onSaved()
      say('The pages are assigned.')
    })
  const flip = (name: string) => {
    const next = new Set(chosen)
    if (!next.delete(name)) next.add(name)
    setChosen(next)
  }
  const footer = (
    <>
      <button type="button" disabled={isBusy || assigned.is_all} onClick={() => assign(null)}>
        Assign all, for good
      </button>
      <button className="primary" disabled={isBusy}>
        Assign these
      </button>
    </>
  )
  return (
    <Form error={error} onSubmit={() => assign([...chosen])} footer={footer}>
      <p className="faint">
        {assigned.is_all
          ? 'It has all pages that there are and will be.'
          : `Assigned by ${assigned.set_by}, ${dateTime(assigned.set_at ?? '')}.`}{' '}
        What runs goes on, whichever pages it has.
      </p>
      <fieldset className="plain page-choice">
        <legend className="visually-hidden">Pages of the tenant</legend>
        {constants.pages.map(({ name, title }) => (
          <label key={name} className="check">
            <input type="checkbox" name={name} checked={chosen.has(name)} onChange={() => flip(name)} />
            {title}
          </label>
        ))}
      </fieldset>
    </Form>
  )
}
