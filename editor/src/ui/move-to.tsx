export interface Way {
  /** The state to which it leads. */
  to: string
  label: string
}

interface Props {
  /** Who or what is moved. */
  name: string
  ways: readonly Way[]
  onMove: (to: string) => void
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
      {ways.map(({ to, label }) => (
        <option key={to} value={to}>
          {label}
        </option>
      ))}
    </select>
  )
}
