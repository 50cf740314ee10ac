import type { Endpoint, EndpointWish } from '../../api/webhooks'

/** What is written in the form of an endpoint. */
export interface Values {
  url: string
  /** One type on each line. */
  types: string
  filter: string
  description: string
  rate: string
  concurrency: string
  ordered: boolean
}

export function valuesOf(endpoint: Endpoint | null): Values {
  return {
    url: endpoint?.url ?? '',
    types: (endpoint?.types ?? ['execution.*']).join('\n'),
    filter: endpoint?.filter ?? '',
    description: endpoint?.description ?? '',
    rate: endpoint?.rate_per_s?.toString() ?? '',
    concurrency: endpoint?.concurrency.toString() ?? '',
    ordered: endpoint?.ordered ?? false,
  }
}

export function wishOf({ url, types, filter, description, rate, concurrency, ordered }: Values): EndpointWish {
  return {
    url: url.trim(),
    types: typesOf(types),
    ...(filter.trim() ? { filter: filter.trim() } : {}),
    ...(description.trim() ? { description: description.trim() } : {}),
    ...(rate === '' ? {} : { rate_per_s: Number(rate) }),
    ...(concurrency === '' ? {} : { concurrency: Number(concurrency) }),
    ordered,
  }
}

export function typesOf(lines: string): string[] {
  return [...new Set(lines.split(/[\s,]+/).filter(Boolean))]
}

/** The same lines with a type, or without it if it is there. */
export function flipped(lines: string, type: string): string {
  const types = typesOf(lines)
  return (types.includes(type) ? types.filter((other) => other !== type) : [...types, type]).join('\n')
}
