import type { Column } from '../../api/leads'

interface Props {
  /** Who is moved. */
  name: string
  ways: readonly Pick<Column, 'status' | 'label'>[]
  onMove: (status: string) => void
}

/** The same as dragging, without a mouse. */
export function MoveTo({ name, ways, onMove }: Props) {
  if (ways.length === 0) return null
  return (
    <select
      aria-label={`Move ${name} to`}
      value=""
      onChange={(event) => event.target.value && onMove(event.target.value)}
    >
      <option value="">Move to…</option>
      {ways.map(({ status, label }) => (
        <option key={status} value={status}>
          {label}
        </option>
      ))}
    </select>
  )
}
