import type { AuditChange } from '../../api/access'
import { countOf, placeOf, shown } from './words'

/** What a change made other than before, behind a line that opens it; nothing where the record tells of no values. */
export function Difference({ changes }: { changes: readonly AuditChange[] | null }) {
  if (changes === null) return null
  if (changes.length === 0) return <p className="faint">Nothing is other than before.</p>
  return (
    <details className="audit-difference">
      <summary>{countOf(changes)}</summary>
      <table aria-label="Before and after">
        <thead>
          <tr>
            <th scope="col">Value</th>
            <th scope="col">Before</th>
            <th scope="col">After</th>
          </tr>
        </thead>
        <tbody>
          {changes.map(({ path, before, after }) => (
            <tr key={path}>
              <th scope="row">{path === '' ? 'more' : placeOf(path)}</th>
              <td>
                <Value value={before} />
              </td>
              <td>
                <Value value={after} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  )
}

function Value({ value }: { value: unknown }) {
  const text = shown(value)
  return value === null || value === '' ? <span className="faint">{text}</span> : <code>{text}</code>
}
