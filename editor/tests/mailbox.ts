/** Mails that Capstan sent on this machine, which are kept and not sent. */

import { inject } from 'vitest'

export type Read = (path: string) => Promise<string>

/** Mail that belongs to no workspace comes to that of `capstan dev`. */
const ofDev: Read = async (path) => {
  const headers = { authorization: `Bearer ${inject('key')}` }
  return (await fetch(`${inject('url')}${path}`, { headers })).text()
}

/** What the newest mail to somebody leads to, from a sandbox mailbox. */
export async function linkTo(email: string, page: string, read: Read = ofDev): Promise<string> {
  const link = await inMail(email, new RegExp(`/editor/${page}\\?token=[\\w.~-]+`), read)
  return link.slice('/editor/'.length)
}

/** The path behind the link by which somebody proves an address that a form asked for. */
export async function proofTo(email: string, read: Read = ofDev): Promise<string> {
  return inMail(email, /\/verify\/[\w.~-]+/, read)
}

async function inMail(email: string, link: RegExp, read: Read): Promise<string> {
  for (let tries = 0; tries < 200; tries += 1) {
    const rows = (await read('/dev/mail')).split('<tr>').filter((row) => row.includes(email))
    const id = /\/dev\/mail\/([\w-]+)/.exec(rows[0] ?? '')?.[1]
    const found = id && link.exec(await read(`/dev/mail/${id}`))?.[0]
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`no mail to ${email} has a link like ${link.source}`)
}
