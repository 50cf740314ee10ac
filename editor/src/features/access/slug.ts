import { constants } from '../../api/constants'

/** A workspace’s part of addresses, as the server has it. */
export function slugOf(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, constants.slug.chars_max)
    .replace(/-+$/, '')
}

/** Where many have addresses, which tell nothing of the firm. */
const PUBLIC = [
  'gmail',
  'googlemail',
  'outlook',
  'hotmail',
  'live',
  'yahoo',
  'icloud',
  'proton',
  'protonmail',
  'gmx',
  'web',
  'aol',
]

/** What a workspace may be called, from the address of its first person: the firm’s name, else the person’s. */
export function suggestedWorkspace(email: string): string {
  const [local = '', domain = ''] = email.split('@')
  const firm = domain.split('.').at(-2) ?? ''
  const word = firm === '' || PUBLIC.includes(firm) ? (local.split(/[+.]/)[0] ?? '') : firm
  return word.charAt(0).toUpperCase() + word.slice(1)
}
