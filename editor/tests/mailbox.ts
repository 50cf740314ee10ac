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
  for (let tries = 0; tries < 200; tries += 1) {
    const rows = (await read('/dev/mail')).split('<tr>').filter((row) => row.includes(email))
    const id = /\/dev\/mail\/([\w-]+)/.exec(rows[0] ?? '')?.[1]
    const found = id && new RegExp(`/editor/${page}\\?token=[\\w.~-]+`).exec(await read(`/dev/mail/${id}`))?.[0]
    if (found) return found.slice('/editor/'.length)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`no mail to ${email} leads to ${page}`)
}
