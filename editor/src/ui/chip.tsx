import { Icon } from './icon'
import type { IconName } from './icon'

export type Tone = 'good' | 'wait' | 'bad' | 'quiet' | 'busy'

const ICONS: Record<Tone, IconName> = { good: 'check', wait: 'clock', bad: 'warn', quiet: 'dash', busy: 'play' }

/** How something stands: by colour, icon and word. */
export function Chip({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span className="chip" data-tone={tone}>
      <Icon name={ICONS[tone]} />
      {children}
    </span>
  )
}
