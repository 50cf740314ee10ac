/** Numbers, and names of what is counted, for people. */

export function figure(value: number): string {
  return value.toLocaleString('en-US')
}

/** A share from 0 to 1. All of it is said of nothing less. */
export function percent(share: number): string {
  const tenths = share < 1 ? Math.min(999, Math.round(share * 1_000)) : 1_000
  return `${tenths / 10} %`
}

/** `executions_per_month` as words. */
export function quotaName(quota: string): string {
  const words = quota.replace(/_per_month$/, '').replace(/_/g, ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
