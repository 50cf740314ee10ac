import { prefer, preferences } from '../../api/news'
import { useAttempt } from '../../app/attempt'
import { useLoad } from '../../app/load'
import { Failure } from '../../ui/failure'

/** Of what one gets mails; each choice holds at once. */
export function Mails() {
  const loaded = useLoad(preferences, 'notification preferences')
  const { error, isBusy, attempt } = useAttempt()
  const failed = error ?? loaded.error
  const choose = (kind: string, mail: boolean) =>
    void attempt(async () => {
      await prefer(kind, mail)
      loaded.reload()
    })
  return (
    <section className="section narrow" aria-label="Mails">
      <h2>Mails</h2>
      {failed && <Failure error={failed} onRetry={loaded.reload} />}
      <fieldset className="plain">
        <legend className="visually-hidden">Of what you get mails</legend>
        {loaded.value?.items.map(({ kind, about, mail }) => (
          <label key={kind} className="check">
            <input
              type="checkbox"
              name={kind}
              checked={mail}
              disabled={isBusy}
              onChange={(event) => choose(kind, event.target.checked)}
            />
            {about}
          </label>
        ))}
      </fieldset>
    </section>
  )
}
