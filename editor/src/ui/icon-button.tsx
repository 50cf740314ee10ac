import { Icon } from './icon'
import type { IconName } from './icon'

interface Props {
  icon: IconName
  /** What it does: shown where one points at it, and told to screen readers. */
  label: string
  isOff?: boolean
  onClick: () => void
}

/** A button that is an icon alone. */
export function IconButton({ icon, label, isOff = false, onClick }: Props) {
  return (
    <button
      type="button"
      className="quiet icon-only"
      aria-label={label}
      title={label}
      disabled={isOff}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  )
}
