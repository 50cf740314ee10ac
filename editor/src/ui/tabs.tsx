interface Props<T extends string> {
  /** Each with what it is called. */
  tabs: readonly (readonly [T, string])[]
  chosen: T
  onChoose: (tab: T) => void
}

/** One of several is shown below. */
export function Tabs<T extends string>({ tabs, chosen, onChoose }: Props<T>) {
  return (
    <div className="tabs" role="tablist">
      {tabs.map(([tab, label]) => (
        <button key={tab} type="button" role="tab" aria-selected={tab === chosen} onClick={() => onChoose(tab)}>
          {label}
        </button>
      ))}
    </div>
  )
}
