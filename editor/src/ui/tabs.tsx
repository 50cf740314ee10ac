import type { KeyboardEvent } from 'react'

interface Props<T extends string> {
  /** Each with what it is called. */
  tabs: readonly (readonly [T, string])[]
  chosen: T
  /** What the row is about, where a page has several. */
  label?: string
  onChoose: (tab: T) => void
}

const STEPS: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1 }

/** One of several is shown below. Arrows go from one to the next. */
export function Tabs<T extends string>({ tabs, chosen, label, onChoose }: Props<T>) {
  const key = (event: KeyboardEvent<HTMLElement>) => {
    const by = STEPS[event.key]
    const at = tabs.findIndex(([tab]) => tab === chosen)
    const next = by === undefined ? -1 : (at + by + tabs.length) % tabs.length
    const found = tabs[next]
    if (!found) return
    event.preventDefault()
    onChoose(found[0])
    event.currentTarget.querySelectorAll<HTMLElement>('[role="tab"]')[next]?.focus()
  }
  return (
    <div className="tabs" role="tablist" aria-label={label} onKeyDown={key}>
      {tabs.map(([tab, name]) => (
        <button
          key={tab}
          type="button"
          role="tab"
          aria-selected={tab === chosen}
          tabIndex={tab === chosen ? 0 : -1}
          onClick={() => onChoose(tab)}
        >
          {name}
        </button>
      ))}
    </div>
  )
}
