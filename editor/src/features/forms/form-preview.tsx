import { formPageAt } from '../../api/forms'
import type { Form, FormPage } from '../../api/forms'
import { useLoad } from '../../app/load'
import { Dialog } from '../../ui/dialog'
import { Failure } from '../../ui/failure'
import { asked } from './asked'

/** What a form asks for, without its being filled in. */
export function FormPreview({ of: form, onClose }: { of: Form; onClose: () => void }) {
  const loaded = useLoad(() => formPageAt(form.url), form.url)
  return (
    <Dialog title={form.title || form.path} onClose={onClose}>
      {loaded.error && <Failure error={loaded.error} onRetry={loaded.reload} />}
      {loaded.value && <Asked page={loaded.value} />}
      <footer>
        <button type="button" onClick={onClose}>
          Close
        </button>
        <a className="button primary" href={form.url} target="_blank" rel="noreferrer">
          Open it
        </a>
      </footer>
    </Dialog>
  )
}

function Asked({ page }: { page: FormPage }) {
  return (
    <>
      {page.description && <p>{page.description}</p>}
      <table className="rows" aria-label="What it asks for">
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Kind</th>
            <th scope="col">Needed</th>
          </tr>
        </thead>
        <tbody>
          {asked(page).map(({ name, label, kind, isNeeded }) => (
            <tr key={name}>
              <td>
                {label} <code className="faint">{name}</code>
              </td>
              <td>{kind}</td>
              <td>{isNeeded ? 'yes' : ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {page.consent && <p>Whoever sends it agrees: {page.consent}</p>}
    </>
  )
}
