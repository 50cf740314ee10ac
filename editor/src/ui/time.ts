/** Times and spans for people, in the time zone of the browser. */

export function clock(at: string): string {
  return new Date(at).toLocaleTimeString(undefined, { hour12: false })
}

export function dateTime(at: string): string {
  const date = new Date(at)
  const day = date.toDateString() === new Date().toDateString() ? '' : `${date.toLocaleDateString()} `
  return day + clock(at)
}

export function span(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h ${Math.round((ms % 3_600_000) / 60_000)} min`
  return `${Math.floor(ms / 86_400_000)} d ${Math.round((ms % 86_400_000) / 3_600_000)} h`
}

export function ago(at: string, now = Date.now()): string {
  const ms = now - Date.parse(at)
  return ms < 5_000 ? 'just now' : `${span(ms).split(' ').slice(0, 2).join(' ')} ago`
}

export function between(from: string, to: string | null, now = Date.now()): string {
  return span((to === null ? now : Date.parse(to)) - Date.parse(from))
}
