/** How many alerts are open: the mark in the navigation shows it, and whoever lists them tells it at once. */

import { alerts } from '../api/alerts'
import { useLoad } from './load'
import { Store, useStore } from './store'
import { useCan } from './who'

const EVERY_MS = 30_000
const store = new Store<{ count: number }>({ count: 0 })

export function tellOpenAlerts(count: number): void {
  if (store.get().count !== count) store.set({ count })
}

/** Asks now and then. Where there is no answer the mark stays as it was: the page that is looked at says so. */
export function useOpenAlerts(): number {
  const maySee = useCan('workspace.read')
  const ask = async () => tellOpenAlerts(maySee ? (await alerts('open', null)).items.length : 0)
  useLoad(ask, `open alerts ${maySee}`, EVERY_MS, ['alert'])
  return useStore(store, ({ count }) => count)
}
