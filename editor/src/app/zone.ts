/** The time zone that new schedules of the workspace are written with. */

let zone = 'UTC'

export function keepZone(name: string): void {
  zone = name
}

/** A new step's fields; a schedule has the workspace's zone, unless that is what it would have anyway. */
export function inZone(type: string, config: Record<string, unknown>): Record<string, unknown> {
  return type === 'trigger.schedule' && zone !== 'UTC' ? { ...config, zone } : config
}
